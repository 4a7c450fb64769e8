"""The glass: to whom it is offered, why not to others, and the lane in which it is reviewed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.glass import offered, review_lane, wants_it
from bot.domain.model import Glass, LaneId, Outcome, RequestId, Verdict
from bot.domain.plan import Group
from bot.domain.policy import BreakGlass
from bot.domain.states import LaneState
from tests.domain.policy_builders import IMAGE, NOON, actor, groups, need, policy
from tests.domain.test_lifecycle import lane
from tests.domain.test_plan_details import ASKED, DEV, PROD, RULES

POLICY = policy(
    RULES,
    "break_glass: {by: [leads], reason: {min_length: 20}, max_pairs: 2, review_within: 24h, review: {count: 1, from: [leads]}}\n",
)
REASON = "INC-99 production is down and no lead answers"
BREAKING = replace(ASKED, text=f"share base to shop-prod --break-glass because {REASON}", reason=REASON)
PLAIN = replace(BREAKING, text=f"share base to shop-prod because {REASON}")
WAITS = Group(
    verdict=Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=need(1, "leads")), pairs=((IMAGE, PROD),)
)
GOES = Group(verdict=Verdict(outcome=Outcome.ALLOW), pairs=((IMAGE, DEV),))


def test_only_a_share_that_asks_for_it_in_so_many_words_wants_it() -> None:
    """Not its end of sharing, which is the bot's own; not what takes back."""
    assert wants_it(BREAKING) is True
    assert wants_it(replace(BREAKING, text="share base to shop-prod because x")) is False
    assert wants_it(replace(BREAKING, parent=RequestId(1))) is False
    assert wants_it(replace(BREAKING, text="unshare base from shop-prod")) is False


def test_it_is_offered_for_the_groups_that_wait_for_people_and_for_no_other() -> None:
    """What goes anyhow needs no breaking."""
    goes, waits = offered(POLICY, actor("leads"), BREAKING, [GOES, WAITS])

    assert goes == GOES
    assert waits == replace(WAITS, verdict=replace(WAITS.verdict, glass=Glass.OFFERED))


def test_without_the_wish_nothing_changes() -> None:
    """A lead who simply asks is asked to wait like anybody else."""
    assert offered(POLICY, actor("leads"), PLAIN, [GOES, WAITS]) == (GOES, WAITS)


def test_whoever_may_not_is_told_why_beside_the_other_warnings() -> None:
    """The request goes on as an ordinary one."""
    warned = replace(WAITS, verdict=replace(WAITS.verdict, warnings=("on trial",)))

    (waits,) = offered(POLICY, actor("engineers"), BREAKING, [warned])

    assert waits.verdict.glass is Glass.CLOSED
    assert waits.verdict.warnings == (
        "on trial",
        "No breaking of glass: Only people of leads may break the glass.",
    )


def test_the_pairs_of_all_groups_count_and_the_reason_is_measured() -> None:
    """Neither a large request nor a short reason slips through by being split."""
    two = replace(GOES, pairs=((IMAGE, DEV), (IMAGE, PROD)))
    (_, many) = offered(POLICY, actor("leads"), BREAKING, [two, WAITS])
    (short,) = offered(POLICY, actor("leads"), replace(BREAKING, reason="INC-99"), [WAITS])

    assert (many.verdict.glass, short.verdict.glass) == (Glass.CLOSED, Glass.CLOSED)
    assert "3 pairs are too many" in many.verdict.warnings[0]
    assert "20 characters" in short.verdict.warnings[0]


def test_the_review_is_a_lane_of_its_own_with_the_rules_time_and_half_way_a_reminder() -> None:
    """It asks for what the policy says, binds to the plan that went, and names its rule."""
    rule = BreakGlass(by=groups("leads"), review=need(2, "security"), review_within=timedelta(hours=10))

    made = review_lane(BREAKING, lane(), 3, rule, NOON)

    assert (made.id, made.request, made.number) == (LaneId("7.3"), RequestId(7), 3)
    assert (made.state, made.plan_hash, made.created_at) == (LaneState.AWAITING_APPROVAL, "h", NOON)
    assert made.deadline == NOON + timedelta(hours=10)
    assert made.reminders == (NOON + timedelta(hours=5),)
    assert made.verdict == Verdict(
        outcome=Outcome.NEEDS_APPROVALS, requirement=need(2, "security"), rules=("break-glass",),
        why="The glass was broken; somebody else has to look at it afterwards.", glass=Glass.REVIEW,
    )  # fmt: skip
