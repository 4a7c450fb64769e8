"""Questions about jobs keep within the budget, and learn how long jobs take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.model import Action, ImageId, Job, JobRowId, LaneId, ProjectId
from bot.domain.states import JobState
from bot.worker.pace import SHARE_OF_BUDGET, LearnedPace

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def job(id: int, *, age: float = 0.0) -> Job:
    return Job(
        id=JobRowId(id), lane=LaneId("1.1"), action=Action.SHARE, images=(ImageId("i"),), projects=(ProjectId("p"),),
        state=JobState.RUNNING, created_at=NOW, submitted_at=NOW - timedelta(seconds=age), polled_at=NOW,
    )  # fmt: skip


def test_a_lonely_job_is_asked_about_within_seconds() -> None:
    """Adds end in one to three seconds."""
    wait = LearnedPace(10.0).first_poll(job(1))
    assert timedelta(seconds=0.5) <= wait <= timedelta(seconds=3)


def test_many_jobs_together_keep_within_their_part_of_the_budget() -> None:
    """A thousand jobs at ten calls a second: no more than seven questions a second."""
    pace = LearnedPace(10.0)
    for n in range(1000):
        pace.next_poll(job(n, age=20.0), NOW)
    waits = [pace.next_poll(job(n, age=20.0), NOW).total_seconds() for n in range(1000)]
    assert sum(1 / wait for wait in waits) <= 10.0 * SHARE_OF_BUDGET * 3
    assert all(wait <= 60.5 for wait in waits)


def test_jobs_that_take_long_are_learned_from() -> None:
    """A region where adds take a minute is not asked every second."""
    pace = LearnedPace(10.0)
    before = pace.first_poll(job(1))
    for n in range(200):
        pace.ended(job(n, age=60.0), NOW + timedelta(seconds=2))
    assert pace.first_poll(job(1)) > 3 * before


def test_ended_jobs_no_longer_count() -> None:
    """The load of yesterday does not slow today."""
    pace = LearnedPace(10.0)
    alone = pace.next_poll(job(1, age=20.0), NOW)
    for n in range(1000):
        pace.next_poll(job(n, age=20.0), NOW)
    for n in range(2, 1000):
        pace.ended(job(n, age=20.0), NOW)
    assert pace.next_poll(job(1, age=20.0), NOW) <= alone * 2
