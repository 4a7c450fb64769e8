"""What a step keeps and what it drops, what a decision records, and which state a lane shows for which jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.lifecycle import (
    STATE_WORDS,
    Ballot,
    Ignored,
    Recorded,
    countable,
    decide,
    in_state,
    job_step,
    settle,
    step,
    votes_of,
)
from bot.domain.model import Decision, Glass, GroupName, LaneId, Need, Person, Verdict
from bot.domain.states import JobEvent, JobState, LaneEvent, LaneState, MemberOutcome
from tests.domain.test_lifecycle import ASKER, LEA, LEADS, LEO, NOW, TWO_LEADS, ballot, job, lane, member

S, J = LaneState, JobState
REMINDERS = (NOW + timedelta(minutes=30),)


def decision(person: Person, *, approve: bool = True) -> Decision:
    return Decision(
        lane=LaneId("1.1"), person=person, approve=approve, plan_hash="h", at=NOW, groups=frozenset({LEADS})
    )


def recorded(verdict: Verdict, cast: Ballot, earlier: Sequence[Decision] = ()) -> Recorded:
    answer = decide(lane(reminders=REMINDERS), verdict, ASKER, cast, earlier)
    assert isinstance(answer, Recorded)
    return answer


def ignored(verdict: Verdict, cast: Ballot, earlier: Sequence[Decision] = ()) -> str:
    answer = decide(lane(), verdict, ASKER, cast, earlier)
    assert isinstance(answer, Ignored)
    return answer.why


def test_a_lane_that_goes_on_waiting_keeps_its_deadline_and_its_reminders() -> None:
    """A recorded vote must neither give more time nor silence the reminders."""
    after = step(lane(reminders=REMINDERS), LaneEvent.DECISION_RECORDED, NOW)

    assert (after.deadline, after.reminders, after.ended_at) == (NOW + timedelta(hours=1), REMINDERS, None)


def test_a_lane_on_hold_keeps_its_deadline_and_has_nobody_to_remind() -> None:
    """It still expires; nobody can hurry the cloud."""
    after = step(lane(S.HOLDING, reminders=REMINDERS), LaneEvent.STILL_UNKNOWN, NOW)

    assert (after.deadline, after.reminders) == (NOW + timedelta(hours=1), ())


@pytest.mark.parametrize("event", [LaneEvent.APPROVAL_REACHED, LaneEvent.REFUSED, LaneEvent.DEADLINE_PASSED])
def test_a_lane_that_no_longer_waits_has_neither_deadline_nor_reminders(event: LaneEvent) -> None:
    """Else it would expire while it runs."""
    after = step(lane(reminders=REMINDERS), event, NOW)

    assert (after.deadline, after.reminders) == (None, ())
    assert after.ended_at == (None if event is LaneEvent.APPROVAL_REACHED else NOW)


def test_a_step_keeps_the_note_unless_it_brings_another_even_an_empty_one() -> None:
    """What was said of a lane last stays on its card."""
    noted = lane(note="the cloud was busy")

    assert step(noted, LaneEvent.DECISION_RECORDED, NOW).note == "the cloud was busy"
    assert step(noted, LaneEvent.DECISION_RECORDED, NOW, note="new").note == "new"
    assert step(noted, LaneEvent.DECISION_RECORDED, NOW, note="").note == ""


def test_a_job_after_an_event_is_in_the_state_of_the_table_and_reads_anew() -> None:
    """The reads of a member list are counted for each state apart."""
    after = job_step(replace(job(1, J.RUNNING), reads=3), JobEvent.JOB_ENDED)

    assert (after.id, after.state, after.reads) == (1, J.VERIFYING, 0)


def test_a_decision_holds_who_what_when_why_and_with_which_groups() -> None:
    """It is the proof of an approval, and is counted again at execution."""
    cast = replace(ballot(LEA, at=NOW + timedelta(minutes=1)), reason="CHG-7")

    assert recorded(TWO_LEADS, cast).decision == Decision(
        lane=LaneId("1.1"), person=LEA, approve=True, plan_hash="h", at=NOW + timedelta(minutes=1), reason="CHG-7",
        groups=frozenset({LEADS}),
    )  # fmt: skip


def test_a_rejection_notes_its_reason_and_the_time_it_ended() -> None:
    """The requester reads why."""
    answer = recorded(TWO_LEADS, replace(ballot(LEA, approve=False), reason="not before Monday"))

    assert (answer.lane.note, answer.lane.ended_at, answer.missing) == ("not before Monday", NOW, "")
    assert answer.decision.approve is False


def test_a_counted_vote_pins_the_verdict_that_is_in_force() -> None:
    """What is asked today stands on the lane, whether it is enough already or not."""
    one = replace(TWO_LEADS, requirement=Need(count=1, groups=frozenset({LEADS})))
    three = replace(TWO_LEADS, requirement=Need(count=3, groups=frozenset({LEADS})))

    enough, more = recorded(one, ballot(LEA)), recorded(three, ballot(LEA))

    assert (enough.lane.state, enough.lane.verdict, enough.missing) == (S.APPROVED, one, "")
    assert (more.lane.state, more.lane.verdict) == (S.AWAITING_APPROVAL, three)
    assert more.missing == "2 of leads"
    assert enough.decision == more.decision == decision(LEA)
    assert more.lane.deadline == NOW + timedelta(hours=1)


def test_an_earlier_rejection_is_no_approval() -> None:
    """Only a yes fills a slot."""
    no = decision(LEO, approve=False)

    assert votes_of([no]) == ()
    assert recorded(TWO_LEADS, ballot(LEA), [no]).lane.state is S.AWAITING_APPROVAL


@pytest.mark.parametrize(
    ("verdict", "counted"),
    [
        (TWO_LEADS, [LEA]),
        (replace(TWO_LEADS, self_approval=True), [ASKER, LEA]),
        (replace(TWO_LEADS, glass=Glass.BROKEN), [ASKER, LEA]),
        (replace(TWO_LEADS, glass=Glass.OFFERED), [LEA]),
    ],
)
def test_the_requesters_own_approval_counts_only_where_the_verdict_says_so(
    verdict: Verdict, counted: list[Person]
) -> None:
    """Also when it was given while the policy still allowed it."""
    votes = countable([decision(ASKER), decision(LEA)], verdict, ASKER)

    assert [vote.person for vote in votes] == counted
    assert {vote.groups for vote in votes} == {frozenset({LEADS})}


def test_a_vote_that_is_not_counted_says_which_of_the_reasons_it_is() -> None:
    """Each asks for something else of the person who clicked."""
    other = replace(ballot(LEA).actor, groups=frozenset({GroupName("others")}))

    assert "no longer waits" in str(decide(lane(S.RUNNING), TWO_LEADS, ASKER, ballot(LEA), ()))
    assert "already decided" in ignored(TWO_LEADS, ballot(LEA), [decision(LEA)])
    assert "out of date" in ignored(TWO_LEADS, ballot(LEA, plan_hash="other"))
    assert "Too late" in ignored(TWO_LEADS, ballot(LEA, at=NOW + timedelta(hours=1)))
    assert "leads" in ignored(TWO_LEADS, replace(ballot(LEA), actor=other))
    assert "yourself" in ignored(TWO_LEADS, ballot(ASKER))


def test_a_lane_without_a_deadline_is_never_too_late() -> None:
    """The review of a broken glass may be left open."""
    assert isinstance(decide(lane(deadline=None), TWO_LEADS, ASKER, ballot(LEA), ()), Recorded)


def test_each_state_has_words_of_its_own() -> None:
    """Whoever clicks an old card is told where the request is, and no two places sound alike."""
    assert {in_state(state): state for state in LaneState} == {
        "on hold": S.HOLDING, "waiting for approval": S.AWAITING_APPROVAL, "approved": S.APPROVED,
        "being submitted": S.SUBMITTING, "being checked": S.UNKNOWN, "running": S.RUNNING, "being verified": S.VERIFYING,
        "stuck": S.STUCK, "done and verified": S.SUCCEEDED, "partly done": S.PARTLY_SUCCEEDED, "failed": S.FAILED,
        "rejected": S.REJECTED, "expired": S.EXPIRED, "cancelled": S.CANCELLED, "refused by the policy": S.DENIED,
    }  # fmt: skip
    assert len(STATE_WORDS) == len(LaneState)


SHOWN = [
    (S.APPROVED, [J.QUEUED], S.APPROVED),
    (S.APPROVED, [J.SUBMITTING], S.SUBMITTING),
    (S.APPROVED, [J.RUNNING, J.QUEUED], S.RUNNING),
    (S.APPROVED, [J.UNKNOWN], S.UNKNOWN),
    (S.APPROVED, [J.VERIFYING], S.VERIFYING),
    (S.APPROVED, [J.DONE, J.QUEUED], S.SUBMITTING),
    (S.APPROVED, [J.STUCK, J.QUEUED], S.SUBMITTING),
    (S.SUBMITTING, [J.QUEUED], S.APPROVED),
    (S.SUBMITTING, [J.DONE, J.QUEUED], S.SUBMITTING),
    (S.SUBMITTING, [J.RUNNING, J.UNKNOWN], S.UNKNOWN),
    (S.RUNNING, [J.QUEUED], S.APPROVED),
    (S.RUNNING, [J.DONE, J.QUEUED], S.SUBMITTING),
    (S.RUNNING, [J.RUNNING, J.SUBMITTING], S.SUBMITTING),
    (S.RUNNING, [J.RUNNING, J.VERIFYING], S.RUNNING),
    (S.RUNNING, [J.DONE, J.VERIFYING], S.VERIFYING),
    (S.RUNNING, [J.DONE, J.STUCK], S.STUCK),
    (S.UNKNOWN, [J.UNKNOWN], S.UNKNOWN),
    (S.SUBMITTING, [J.SUBMITTING], S.SUBMITTING),
    (S.VERIFYING, [J.VERIFYING], S.VERIFYING),
    (S.STUCK, [J.STUCK], S.STUCK),
    (S.STUCK, [J.UNKNOWN], S.UNKNOWN),
    (S.STUCK, [J.VERIFYING], S.VERIFYING),
    (S.STUCK, [J.DONE], S.SUCCEEDED),
]


@pytest.mark.parametrize(("before", "jobs", "after"), SHOWN)
def test_a_lane_shows_the_job_that_is_furthest_from_certain(
    before: LaneState, jobs: list[JobState], after: LaneState
) -> None:
    """The card tells of what is open, not of what is over; and a lane that shows it already is not written again."""
    waiting = lane(before, deadline=None)
    rows = [job(number, state) for number, state in enumerate(jobs)]

    settled = settle(waiting, rows, [member(1, MemberOutcome.DONE)], NOW)

    assert settled.state is after
    assert (settled is waiting) == (before is after)
    assert settled.ended_at == (NOW if after is S.SUCCEEDED else None)


def test_what_was_already_so_counts_as_good() -> None:
    """A lane of one share and one pair that needed nothing has succeeded as a whole."""
    members = [member(1, MemberOutcome.DONE), member(2, MemberOutcome.NOTHING_TO_DO)]

    assert settle(lane(S.RUNNING), [job(1, J.DONE)], members, NOW).state is S.SUCCEEDED
