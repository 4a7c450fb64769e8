"""What a lane begins with, and what its hash is made of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.model import (
    Action,
    ImageId,
    ImageKind,
    Outcome,
    ProjectId,
    Verdict,
)
from bot.domain.plan import (
    ALREADY,
    INITIAL,
    PLANNED_AGAIN,
    Group,
    already_so,
    open_lane,
    plan_hash,
    reminders_of,
    unread,
)
from bot.domain.states import LaneEvent, LaneState, MemberOutcome
from tests.domain.policy_builders import IMAGE, NOON, need, policy
from tests.domain.test_plan_details import ASKED, DEV, PROD, RULES, image

WAITING = Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=need(1, "leads"), rules=("prod",), why="why")
TIMES = "defaults: {expires_after: 8h, remind: [2h, 4h]}\n"


@pytest.mark.parametrize(
    ("verdict", "state", "outcome", "detail"),
    [
        (Verdict(outcome=Outcome.ALLOW), LaneState.APPROVED, MemberOutcome.PENDING, ""),
        (WAITING, LaneState.AWAITING_APPROVAL, MemberOutcome.PENDING, ""),
        (Verdict(outcome=Outcome.HOLD, why="?"), LaneState.HOLDING, MemberOutcome.PENDING, ""),
        (Verdict(outcome=Outcome.DENY, why="no"), LaneState.DENIED, MemberOutcome.NOT_RUN, "no"),
        (ALREADY, LaneState.SUCCEEDED, MemberOutcome.NOTHING_TO_DO, ""),
    ],
)
def test_a_lane_begins_as_its_verdict_says(
    verdict: Verdict, state: LaneState, outcome: MemberOutcome, detail: str
) -> None:
    """Only what waits has a deadline, only what waits for people has reminders, only what is over has ended."""
    group = Group(verdict=verdict, pairs=((IMAGE, DEV), (IMAGE, PROD)))

    lane, members = open_lane(ASKED, 3, group, policy(RULES, TIMES), NOON)

    hour = timedelta(hours=1)
    waits = state in (LaneState.AWAITING_APPROVAL, LaneState.HOLDING)
    assert (lane.id, lane.request, lane.number) == ("7.3", 7, 3)
    assert (lane.state, lane.verdict, lane.created_at) == (state, verdict, NOON)
    assert lane.plan_hash == plan_hash(ASKED, group.pairs)
    assert lane.deadline == (NOON + 8 * hour if waits else None)
    assert lane.reminders == (
        (NOON + 2 * hour, NOON + 4 * hour) if state is LaneState.AWAITING_APPROVAL else ()
    )
    assert lane.ended_at == (NOON if state in (LaneState.DENIED, LaneState.SUCCEEDED) else None)
    assert [(m.lane, m.project, m.image) for m in members] == [("7.3", DEV, IMAGE), ("7.3", PROD, IMAGE)]
    assert {(m.outcome, m.detail) for m in members} == {(outcome, detail)}


@pytest.mark.parametrize(("hours", "count"), [(3, 1), (4, 1), (5, 2), (None, 2)])
def test_nobody_is_reminded_at_the_end_or_after_it(hours: int | None, count: int) -> None:
    """A reminder of what has just expired is noise; what never ends has all of them."""
    deadline = None if hours is None else NOON + timedelta(hours=hours)

    assert len(reminders_of(policy(RULES, TIMES), WAITING, NOON, deadline)) == count


def test_reminders_and_escalations_come_in_the_order_of_their_times() -> None:
    """Whoever wakes the lane looks at the first alone."""
    steps = "[1h, 90m, 100m, 110m, 3h, 5h, 6h, 7h]"
    rules = policy(
        "id: prod, effect: permit, action: share, when: {project.env: {eq: prod}}, require: {count: 1, from: [leads]}, "
        "escalate: [{after: 2h, to: [security]}]",
        f"defaults: {{expires_after: 8h, remind: {steps}}}\n",
    )

    minutes = [(at - NOON) // timedelta(minutes=1) for at in reminders_of(rules, WAITING, NOON, None)]

    assert minutes == [60, 90, 100, 110, 120, 180, 300, 360, 420]


def test_each_outcome_leads_to_its_own_state_and_event() -> None:
    """The first plan and every later one go by the same four words."""
    assert [(INITIAL[outcome], PLANNED_AGAIN[outcome]) for outcome in Outcome] == [
        (LaneState.APPROVED, LaneEvent.PLANNED_AGAIN_ALLOW),
        (LaneState.AWAITING_APPROVAL, LaneEvent.PLANNED_AGAIN_NEEDS_APPROVAL),
        (LaneState.HOLDING, LaneEvent.STILL_UNKNOWN),
        (LaneState.DENIED, LaneEvent.PLANNED_AGAIN_DENY),
    ]


def test_the_verdict_of_what_is_already_so_says_so() -> None:
    """It is recognised by its rule, and stands on cards that are stored."""
    assert (ALREADY.outcome, ALREADY.rules) == (Outcome.ALLOW, ("already-so",))
    assert ALREADY.why == "It is already as asked."


# -- the hash ------------------------------------------------------------------------------------------------------


def test_the_hash_is_made_of_these_words_in_this_order() -> None:
    """It stands in buttons and in the store: another version of the bot must find the same one."""
    content = {
        "action": "share", "requester": ["T0HOME", "U0REQUESTER"], "reason": "CHG-1", "seconds": 2592000,
        "pairs": [[IMAGE.id, "p-dev", "base-ubuntu", IMAGE.kind, False, IMAGE.owner, "shop-dev", "dev"]],
    }  # fmt: skip
    for reason in ("CHG-1", "für CHG"):
        text = json.dumps(
            content | {"reason": reason}, sort_keys=True, separators=(",", ":"), ensure_ascii=True
        )
        found = plan_hash(replace(ASKED, reason=reason), [(IMAGE, DEV)])
        assert found == hashlib.sha256(text.encode()).hexdigest()[:32]


@pytest.mark.parametrize("change", [{"kind": ImageKind.FULL_ECS}, {"owner": "other"}, {"id": ImageId("x")}])
def test_each_fact_of_an_image_a_person_decides_by_is_in_the_hash(change: dict[str, object]) -> None:
    """Another image under an approved card must not go."""
    assert plan_hash(ASKED, [(replace(IMAGE, **change), DEV)]) != plan_hash(ASKED, [(IMAGE, DEV)])  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"name": "other"}, {"id": ProjectId("x")}])
def test_each_fact_of_a_project_a_person_decides_by_is_in_the_hash(change: dict[str, object]) -> None:
    """Another project under an approved card must not go."""
    assert plan_hash(ASKED, [(IMAGE, replace(DEV, **change))]) != plan_hash(ASKED, [(IMAGE, DEV)])  # type: ignore[arg-type]


def test_an_unread_image_shows_nothing_of_its_members() -> None:
    """A list too old to be believed is as good as none; the rest of the facts stays."""
    made = image(1, shared_with=frozenset({DEV.id}))

    assert unread(made) == replace(made, shared_with=None)
    assert not already_so(Action.SHARE, (unread(made), DEV))
