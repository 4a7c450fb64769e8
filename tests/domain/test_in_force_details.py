"""A pinned verdict under today's policy, one fact at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.in_force import InForce, in_force, refused_now
from bot.domain.model import (
    NO_REQUIREMENT,
    AllOf,
    Glass,
    ImageFacts,
    ImageId,
    Lane,
    LaneId,
    Limits,
    Member,
    Outcome,
    ProjectFacts,
    RequestId,
    Verdict,
)
from bot.domain.plan import question
from bot.domain.states import MemberOutcome
from tests.domain.policy_builders import IMAGE, NOON, actor, need, policy
from tests.domain.test_lifecycle import lane
from tests.domain.test_plan_details import ASKED, DEV, LAB, PROD

TODAY = policy("""
id: dev, effect: permit, action: share, when: {project.env: {eq: dev}}, require: {count: 2, from: [leads]}, share_for: {max: 90d}
id: prod, effect: permit, action: share, when: {project.env: {eq: prod}}, require: {count: 1, from: [security]}, self_approval: true
id: lab, effect: permit, action: share, when: {project.name: {eq: acme-lab}}, require: none
id: secret, effect: forbid, action: share, when: {image.encrypted: {eq: true}}
""")
PINNED = Verdict(
    outcome=Outcome.NEEDS_APPROVALS, requirement=need(1, "leads"), rules=("old",), why="because", self_approval=True,
    share_for=timedelta(days=60),
)  # fmt: skip
SECRET = replace(IMAGE, id=ImageId("secret"), encrypted=True)
UNREAD = replace(IMAGE, id=ImageId("unread"), encrypted=None)


def member(
    image: ImageFacts, project: ProjectFacts, outcome: MemberOutcome = MemberOutcome.PENDING
) -> Member:
    return Member(lane=LaneId("7.1"), image=image, project=project, outcome=outcome)


def force(members: Sequence[Member], pinned: Verdict = PINNED, parent: int | None = None) -> InForce:
    request = replace(ASKED, parent=None if parent is None else RequestId(parent))
    asked = question(request, actor("engineers"), NOON, Limits(), [(m.image, m.project) for m in members])
    held: Lane = lane(verdict=pinned)
    return in_force(TODAY, asked, held, members)


def test_the_end_of_a_share_is_not_judged_again() -> None:
    """It was part of the approved plan: a policy of today must not keep a share alive."""
    secret = member(SECRET, DEV)

    assert force([secret], parent=3) == InForce(verdict=PINNED, members=(secret,))


def test_a_requirement_is_the_pinned_one_and_todays_together() -> None:
    """It grows and never shrinks; the requester's own vote counts only while both say so."""
    stronger = force([member(IMAGE, DEV)]).verdict
    both = force([member(IMAGE, PROD)]).verdict

    assert (stronger.requirement, stronger.self_approval) == (need(2, "leads"), False)
    assert isinstance(both.requirement, AllOf)
    assert set(both.requirement.items) == {need(1, "leads"), need(1, "security")}
    assert both.self_approval is True
    assert (both.outcome, both.why, both.rules) == (Outcome.NEEDS_APPROVALS, "because", ("old",))


def test_a_policy_that_asks_for_nothing_today_takes_nothing_away() -> None:
    """What was pinned stays asked for."""
    found = force([member(IMAGE, LAB)]).verdict

    assert (found.outcome, found.requirement, found.self_approval) == (
        Outcome.NEEDS_APPROVALS,
        need(1, "leads"),
        True,
    )


def test_what_was_free_to_go_waits_when_the_policy_asks_today() -> None:
    """And what both let go, goes."""
    free = Verdict(outcome=Outcome.ALLOW)

    assert force([member(IMAGE, DEV)], free).verdict.outcome is Outcome.NEEDS_APPROVALS
    assert force([member(IMAGE, LAB)], free).verdict.outcome is Outcome.ALLOW


def test_a_forbidden_member_is_left_out_and_the_others_are_judged_all_the_same() -> None:
    """One refusal neither ends the lane nor hides what follows it."""
    members = [member(SECRET, DEV), member(IMAGE, DEV)]

    found = force(members)

    ((refused, why),) = found.forbidden
    assert (refused, found.members) == (members[0], (members[1],))
    assert "secret" in why
    assert found.verdict.requirement == need(2, "leads")


def test_the_first_unknown_makes_the_lane_wait_and_is_what_it_says() -> None:
    """An unread fact is neither allowed nor forbidden."""
    found = force([member(UNREAD, DEV), member(replace(UNREAD, id=ImageId("u2")), LAB)])

    assert found.verdict.outcome is Outcome.HOLD
    assert found.verdict.why == force([member(UNREAD, DEV)]).verdict.why != "because"
    assert len(found.members) == 2


def test_a_broken_glass_needs_nobody_and_still_waits_for_the_unknown() -> None:
    """It replaces approvals and nothing else."""
    broken = replace(PINNED, glass=Glass.BROKEN, outcome=Outcome.ALLOW)

    goes, holds = force([member(IMAGE, DEV)], broken).verdict, force([member(UNREAD, DEV)], broken).verdict

    assert (goes.outcome, goes.requirement) == (Outcome.ALLOW, NO_REQUIREMENT)
    assert holds.outcome is Outcome.HOLD


def test_the_shortest_of_the_times_holds() -> None:
    """As pinned, or as today's policy says for any of the members; for ever only when nobody says less."""
    longer = replace(PINNED, share_for=timedelta(days=20))

    assert force([member(IMAGE, DEV)]).verdict.share_for == timedelta(days=30)
    assert force([member(IMAGE, DEV)], longer).verdict.share_for == timedelta(days=20)
    assert force([], replace(PINNED, share_for=None)).verdict.share_for is None


def test_only_pending_members_are_refused_now_and_each_says_why() -> None:
    """What has run stays as it ended."""
    done = member(SECRET, PROD, MemberOutcome.DONE)

    (closed,) = refused_now(
        InForce(verdict=PINNED, forbidden=((done, "x"), (member(SECRET, DEV), "rule secret")))
    )

    assert (closed.project, closed.outcome) == (DEV, MemberOutcome.NOT_RUN)
    assert closed.detail == "the policy no longer allows it: rule secret"
