"""What is learned of how long jobs take decides which is asked about, and outlives the process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.model import Action, ImageId, Job, JobRowId, LaneId, ProjectId
from bot.domain.polling import Durations
from bot.domain.states import JobState
from bot.worker.pace import KEEP_EVERY, LearnedPace

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
REGION = "eu-west-101"


def job(id: int, *, age: float = 0.0, action: Action = Action.SHARE, asked: float = 0.0) -> Job:
    """Of this age, last asked about so many seconds ago."""
    return Job(
        id=JobRowId(id), lane=LaneId("1.1"), action=action, images=(ImageId("i"),), projects=(ProjectId("p"),),
        state=JobState.RUNNING, created_at=NOW, submitted_at=NOW - timedelta(seconds=age),
        polled_at=NOW - timedelta(seconds=asked),
    )  # fmt: skip


def test_a_lonely_job_is_asked_about_within_seconds() -> None:
    """Adds end in one to three seconds."""
    wait = LearnedPace(REGION).first_poll(job(1))
    assert timedelta(seconds=0.5) <= wait <= timedelta(seconds=3)


def test_however_many_jobs_run_the_wait_is_the_same_and_the_order_decides() -> None:
    """Which questions are sent when there are more than the budget allows is decided when one can be sent."""
    pace = LearnedPace(REGION)
    alone = pace.next_poll(job(1, age=20.0), NOW)
    many = [job(n, age=20.0, asked=n / 10) for n in range(1, 200)]

    assert alone <= timedelta(seconds=60)
    assert [each.id for each in pace.order(many, NOW)] == list(range(199, 0, -1))


def test_jobs_that_take_long_are_learned_from() -> None:
    """A region where adds take a minute is not asked every second."""
    pace = LearnedPace(REGION)
    before = pace.first_poll(job(1))
    for n in range(200):
        slow = job(n, age=60.0, asked=60.0)
        pace.next_poll(slow, NOW)
        pace.ended(job(n, age=60.0), NOW + timedelta(seconds=2))
    assert pace.first_poll(job(1)) > 3 * before


def test_adding_teaches_nothing_of_removing() -> None:
    """They are other jobs of the cloud."""
    pace = LearnedPace(REGION)
    other = pace.first_poll(job(1, action=Action.UNSHARE))
    for n in range(200):
        pace.next_poll(job(n, age=60.0, asked=60.0), NOW)
    assert pace.first_poll(job(1, action=Action.UNSHARE)) == other


def test_what_was_learned_is_the_same_after_a_restart() -> None:
    """Else every deployment would begin by asking too often or too late."""
    pace = LearnedPace(REGION)
    for n in range(50):
        pace.next_poll(job(n, age=60.0, asked=60.0), NOW)
        pace.ended(job(n, age=60.0), NOW + timedelta(seconds=2))
    kept = pace.to_keep(NOW)
    again = LearnedPace(REGION, Durations.from_plain(kept))

    assert list(kept) == ["eu-west-101/share"]
    assert again.durations == pace.durations
    assert again.first_poll(job(1)) == pace.first_poll(job(1))


def test_what_was_learned_is_written_down_every_few_seconds_at_most_and_only_when_new() -> None:
    """It goes along with the transaction that sees a job end, of which there may be hundreds a minute."""
    pace = LearnedPace(REGION)
    assert pace.to_keep(NOW) == {}

    pace.ended(job(1, age=2.0), NOW)
    assert pace.to_keep(NOW)
    pace.ended(job(2, age=2.0), NOW)
    assert pace.to_keep(NOW + KEEP_EVERY / 2) == {}
    assert pace.to_keep(NOW + KEEP_EVERY)
    assert pace.to_keep(NOW + 3 * KEEP_EVERY) == {}


def test_a_job_that_was_never_sent_teaches_nothing() -> None:
    """A row of an older program may lack the time."""
    pace = LearnedPace(REGION)
    unsent = Job(
        id=JobRowId(1), lane=LaneId("1.1"), action=Action.SHARE, images=(), projects=(), state=JobState.RUNNING,
        created_at=NOW,
    )  # fmt: skip

    assert pace.next_poll(unsent, NOW) >= timedelta(seconds=0.5)
    pace.ended(unsent, NOW)
    assert pace.order([unsent], NOW) == ()
    assert pace.durations == Durations()
