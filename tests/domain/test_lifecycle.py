"""What follows from an event: decisions, and what a lane shows while its jobs run."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import IllegalStepError
from bot.domain.lifecycle import Ballot, Ignored, Recorded, close_members, decide, in_state, settle, step
from bot.domain.model import (
    Action,
    Actor,
    Decision,
    GroupName,
    ImageFacts,
    ImageId,
    Job,
    JobRowId,
    Lane,
    LaneId,
    Member,
    Need,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    RequestId,
    Verdict,
)  # fmt: skip
from bot.domain.states import FINAL_LANE_STATES, JobState, LaneEvent, LaneState, MemberOutcome

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LEADS = GroupName("leads")
ASKER, LEA, LEO = Person("T1", "U1"), Person("T1", "U2"), Person("T1", "U3")
TWO_LEADS = Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=Need(count=2, groups=frozenset({LEADS})))


def lane(state: LaneState = LaneState.AWAITING_APPROVAL, **changes: object) -> Lane:
    made = Lane(
        id=LaneId("1.1"), request=RequestId(1), number=1, state=state, verdict=TWO_LEADS, plan_hash="h",
        created_at=NOW, deadline=NOW + timedelta(hours=1),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def ballot(person: Person, *, approve: bool = True, at: datetime = NOW, plan_hash: str = "h") -> Ballot:
    known = Actor(
        person=person,
        groups=frozenset({LEADS}),
        is_guest=False,
        is_bot=False,
        is_deactivated=False,
        is_foreign=False,
    )
    return Ballot(actor=known, approve=approve, plan_hash=plan_hash, at=at)


def job(id: int, state: JobState) -> Job:
    return Job(
        id=JobRowId(id), lane=LaneId("1.1"), action=Action.SHARE, images=(ImageId(f"i{id}"),),
        projects=(ProjectId("p"),), state=state, created_at=NOW,
    )  # fmt: skip


def member(id: int, outcome: MemberOutcome = MemberOutcome.PENDING) -> Member:
    return Member(
        lane=LaneId("1.1"), image=ImageFacts(id=ImageId(f"i{id}")), project=ProjectFacts(id=ProjectId("p"), name="p"),
        outcome=outcome,
    )  # fmt: skip


def test_two_approvals_of_two_people_are_counted_and_one_is_not_enough() -> None:
    """1 of 2, then approved."""
    first = decide(lane(), TWO_LEADS, ASKER, ballot(LEA), ())
    assert isinstance(first, Recorded)
    assert first.lane.state is LaneState.AWAITING_APPROVAL
    assert "1" in first.missing

    second = decide(first.lane, TWO_LEADS, ASKER, ballot(LEO), (first.decision,))
    assert isinstance(second, Recorded)
    assert second.lane.state is LaneState.APPROVED
    assert second.lane.deadline is None


def test_the_same_person_counts_once() -> None:
    """A two-person rule that one person meets by clicking twice is none."""
    first = decide(lane(), TWO_LEADS, ASKER, ballot(LEA), ())
    assert isinstance(first, Recorded)
    assert isinstance(decide(first.lane, TWO_LEADS, ASKER, ballot(LEA), (first.decision,)), Ignored)


def test_a_deadline_is_compared_at_the_very_click() -> None:
    """At the deadline it is too late; a microsecond before it is not."""
    deadline = NOW + timedelta(hours=1)
    late = decide(lane(), TWO_LEADS, ASKER, ballot(LEA, at=deadline), ())
    assert isinstance(late, Ignored)
    assert isinstance(
        decide(lane(), TWO_LEADS, ASKER, ballot(LEA, at=deadline - timedelta(microseconds=1)), ()), Recorded
    )


@pytest.mark.parametrize("state", [s for s in LaneState if s is not LaneState.AWAITING_APPROVAL])
def test_a_lane_that_does_not_wait_takes_no_decision_and_says_where_it_is(state: LaneState) -> None:
    """A click on a settled card is answered, never counted."""
    answer = decide(lane(state, deadline=None), TWO_LEADS, ASKER, ballot(LEA), ())
    assert isinstance(answer, Ignored)
    assert in_state(state) in answer.why


def test_an_approval_of_another_plan_does_not_count() -> None:
    """The hash binds."""
    assert isinstance(decide(lane(), TWO_LEADS, ASKER, ballot(LEA, plan_hash="other"), ()), Ignored)


def test_an_illegal_step_raises_and_changes_nothing() -> None:
    """The table has the last word."""
    done = lane(LaneState.SUCCEEDED, deadline=None, ended_at=NOW)
    with pytest.raises(IllegalStepError):
        step(done, LaneEvent.CANCELLED, NOW)
    assert done.state is LaneState.SUCCEEDED


def test_only_pending_members_are_closed() -> None:
    """What was done stays done."""
    closed = close_members([member(1), member(2, MemberOutcome.DONE)], "expired")
    assert [(m.image.id, m.outcome, m.detail) for m in closed] == [("i1", MemberOutcome.NOT_RUN, "expired")]


OUTCOMES = st.lists(
    st.sampled_from([MemberOutcome.DONE, MemberOutcome.FAILED, MemberOutcome.NOT_RUN]), min_size=1, max_size=5
)


@given(OUTCOMES)
def test_a_lane_whose_jobs_are_all_done_ends_as_its_members_did(outcomes: list[MemberOutcome]) -> None:
    """All, some or none: never one status for a batch."""
    members = [member(n, outcome) for n, outcome in enumerate(outcomes)]
    after = settle(lane(LaneState.RUNNING, deadline=None), [job(1, JobState.DONE)], members, NOW)
    good = sum(outcome is MemberOutcome.DONE for outcome in outcomes)
    expected = (
        LaneState.PARTLY_SUCCEEDED
        if 0 < good < len(outcomes)
        else LaneState.SUCCEEDED
        if good
        else LaneState.FAILED
    )
    assert after.state is expected
    assert after.ended_at == NOW


RUNNING = (LaneState.SUBMITTING, LaneState.RUNNING, LaneState.VERIFYING, LaneState.UNKNOWN)
MIXES = [mix for size in (1, 2, 3) for mix in itertools.combinations_with_replacement(list(JobState), size)]


@pytest.mark.parametrize("mix", MIXES)
def test_every_mix_of_jobs_has_a_lane_state_and_only_a_finished_mix_is_final(
    mix: tuple[JobState, ...],
) -> None:
    """A job's trouble touches only its own members: no mix may break the lane, none may end it early."""
    for state in RUNNING:
        jobs = [job(n, job_state) for n, job_state in enumerate(mix)]
        after = settle(lane(state, deadline=None), jobs, [member(1, MemberOutcome.DONE)], NOW)
        assert (after.state in FINAL_LANE_STATES) == (set(mix) == {JobState.DONE})
        assert (after.state is LaneState.STUCK) == (
            JobState.STUCK in mix and set(mix) <= {JobState.STUCK, JobState.DONE}
        )


def test_settling_what_has_not_changed_gives_the_same_lane() -> None:
    """No change, no write, no card."""
    running = lane(LaneState.RUNNING, deadline=None)
    assert settle(running, [job(1, JobState.RUNNING)], [member(1)], NOW) is running


def test_a_rejection_ends_it_at_once() -> None:
    """One eligible no is enough."""
    answer = decide(lane(), TWO_LEADS, ASKER, ballot(LEA, approve=False), ())
    assert isinstance(answer, Recorded)
    assert answer.lane.state is LaneState.REJECTED
    assert isinstance(answer.decision, Decision)
