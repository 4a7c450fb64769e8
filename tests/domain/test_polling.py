"""The cloud is asked where an answer is most likely overdue, and nobody waits for ever."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Action, ImageId, Job, JobRowId, LaneId, ProjectId
from bot.domain.polling import LONGEST, PRICE, SOONEST, Durations, Law, choose, expected_unseen, next_poll
from bot.domain.states import JobState

START = datetime(2025, 1, 1, tzinfo=UTC)
spans = st.floats(0, 1e5)
laws = st.builds(
    lambda mean, spread: Law(mean=mean, square=mean**2 + spread**2), st.floats(-3, 8), st.floats(0.05, 2.5)
)


def a_job(
    id: int, sent: float | None = 0.0, asked: float | None = None, action: Action = Action.SHARE
) -> Job:
    """A running job, sent and last asked about so many seconds after the start."""
    return Job(
        id=JobRowId(id), lane=LaneId("1.1"), action=action, images=(ImageId("i"),), projects=(ProjectId("p"),),
        state=JobState.RUNNING, created_at=START,
        submitted_at=None if sent is None else at(sent), polled_at=None if asked is None else at(asked),
    )  # fmt: skip


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


# -- the law --------------------------------------------------------------------------------------------------------


def test_with_no_data_a_job_is_believed_to_take_about_two_seconds() -> None:
    """Adding members ends in one to three seconds as a rule; the first job must not be asked about
    blindly."""
    law = Durations().of(Action.SHARE)

    assert law.median == pytest.approx(2.0)
    assert 0.5 < law.running(1.0) - law.running(3.0) < 0.9
    assert law.running(60.0) > 0.001
    assert 0.5 <= next_poll(0.0, 0.0, law) <= 2.0


@given(laws, spans, spans)
def test_the_law_is_a_law(law: Law, one: float, other: float) -> None:
    """Probabilities between 0 and 1 that fall with age, and an area under them that falls with it."""
    younger, older = sorted((one, other))

    assert 1.0 >= law.running(younger) >= law.running(older) >= 0.0
    assert law.time_running(younger) >= law.time_running(older) - 1e-6 * law.time_running(0)


@pytest.mark.parametrize(("median", "spread"), [(2.0, 0.4), (20.0, 1.3), (300.0, 0.8)])
def test_what_jobs_really_take_is_learned_from_when_they_were_asked_about(
    median: float, spread: float
) -> None:
    """The end itself is never seen, only that it lay between two questions."""
    dice = random.Random(7)
    durations = Durations()
    for _ in range(400):
        took = dice.lognormvariate(math.log(median), spread)
        step = median / 4
        after = took // step * step
        durations = durations.learned(Action.UNSHARE, after, after + step)

    law = durations.of(Action.UNSHARE)
    assert law.median == pytest.approx(median, rel=0.25)
    assert law.spread == pytest.approx(spread, rel=0.35)
    assert durations.of(Action.SHARE) == Law()


def test_a_change_of_the_cloud_is_learned_and_the_memory_does_not_grow() -> None:
    """A cloud that becomes slow must not be judged by last year's speed."""
    durations = Durations()
    for _ in range(2000):
        durations = durations.learned(Action.SHARE, 1.0, 2.0)
    fast = durations.of(Action.SHARE)
    for _ in range(2000):
        durations = durations.learned(Action.SHARE, 100.0, 120.0)

    assert fast.median == pytest.approx(1.5, rel=0.2)
    assert durations.of(Action.SHARE).median == pytest.approx(110, rel=0.2)
    assert len(json.dumps(durations.to_plain())) < 200


@given(st.lists(st.tuples(st.sampled_from(Action), spans, spans), max_size=20))
def test_what_was_learned_survives_being_written_down(seen: list[tuple[Action, float, float]]) -> None:
    """A restart must not send the bot back to guessing."""
    durations = Durations()
    for kind, one, other in seen:
        durations = durations.learned(kind, *sorted((one, other)))

    read = Durations.from_plain(json.loads(json.dumps(durations.to_plain())))
    assert all(read.of(kind) == durations.of(kind) for kind in Action)


@given(
    st.recursive(
        st.none() | st.floats() | st.text(max_size=3),
        lambda inner: st.dictionaries(st.sampled_from(("share", "mean", "square", "weight", "x")), inner),
    )
)
def test_nonsense_that_was_kept_is_as_if_nothing_was_learned(kept: object) -> None:
    """A broken row of statistics must never keep the bot from starting or from asking."""
    law = Durations.from_plain(kept).of(Action.SHARE)

    assert 0.0 <= next_poll(3.0, 1.0, law) <= LONGEST


@pytest.mark.parametrize(
    ("after", "by"), [(-5.0, -1.0), (3.0, 2.0), (math.nan, 1.0), (0.0, math.inf), (0.0, 0.0)]
)
def test_impossible_ages_teach_nothing(after: float, by: float) -> None:
    """Clocks jump; a job that ended before it began is no evidence."""
    assert Law().learned(after, by) == Law()


# -- the rule -------------------------------------------------------------------------------------------------------


@given(laws, spans, spans, st.floats(0, 1e4))
def test_the_expected_wait_grows_with_time_and_never_exceeds_it(
    law: Law, asked: float, waited: float, more: float
) -> None:
    """It is an expectation of a part of the time since the last question."""
    area = expected_unseen(asked + waited, asked, law)

    assert 0.0 <= area <= waited + 1e-9
    assert expected_unseen(asked + waited + more, asked, law) >= area - 1e-6 * (1 + law.time_running(0))


def test_the_expected_wait_is_the_integral_it_is_said_to_be() -> None:
    """The closed form against a sum over small steps."""
    law, asked, age, steps = Law(), 1.5, 6.0, 4000
    step = (age - asked) / steps
    points = (asked + (n + 0.5) * step for n in range(steps))
    summed = sum((1 - law.running(point) / law.running(asked)) * step for point in points)

    assert expected_unseen(age, asked, law) == pytest.approx(summed, rel=1e-4)


@given(laws, spans, st.floats(0, 1e3), st.floats(0.001, 1e3))
def test_no_job_is_asked_about_too_soon_or_left_for_more_than_a_minute(
    law: Law, asked: float, waited: float, price: float
) -> None:
    """Too soon is wasted; for ever is what an old job must never wait, whatever was learned."""
    age = asked + waited
    wait = next_poll(age, asked, law, price)

    assert wait >= 0.0
    assert age + wait >= SOONEST - 1e-9
    assert age + wait <= max(age, SOONEST, asked + LONGEST) + 1e-6
    if SOONEST < age + wait < asked + LONGEST - 0.02:
        assert expected_unseen(age + wait, asked, law) >= price - 1e-9


def test_a_higher_price_asks_later() -> None:
    """The price is how the worker makes room when the quota is short."""
    waits = [next_poll(0.0, 0.0, Law(), price) for price in (0.05, PRICE, 1.0, 5.0)]

    assert waits == sorted(waits)
    assert waits[0] < waits[-1]


def test_the_job_whose_end_is_most_likely_overdue_is_asked_about_first() -> None:
    """A fresh job that should have ended by now goes before one that was just found running."""
    overdue = a_job(1, sent=0.0)
    just_asked = a_job(2, sent=0.0, asked=5.9)
    fresh = a_job(3, sent=5.8)
    unsent = a_job(4, sent=None)
    resent = a_job(5, sent=4.0, asked=2.0)

    assert [job.id for job in choose([just_asked, unsent, fresh, resent, overdue], at(6.0), Durations())] == [
        1,
        5,
        2,
    ]


def test_the_order_does_not_depend_on_the_order_of_the_jobs() -> None:
    """Alike jobs go oldest first, then by number: no luck, no starving."""
    jobs = [a_job(n, sent=float(n % 3)) for n in range(1, 9)]

    chosen = choose(jobs, at(10.0), Durations())
    assert chosen == choose(list(reversed(jobs)), at(10.0), Durations())
    assert [job.id for job in chosen] == [3, 6, 1, 4, 7, 2, 5, 8]


def test_an_old_job_is_not_starved_by_a_stream_of_fresh_ones() -> None:
    """Hours after its kind should have ended it still gets its turn within minutes."""
    old = a_job(1, sent=0.0, asked=36_000.0)
    durations = Durations()
    for _ in range(300):
        durations = durations.learned(Action.SHARE, 1.0, 2.0)
    waited = next(
        seconds
        for seconds in range(1, 1000)
        if choose([old, a_job(2, sent=36_000.0 + seconds - 4)], at(36_000.0 + seconds), durations)[0] is old
    )

    assert waited < 180


# -- against the usual schedules ------------------------------------------------------------------------------------

Schedule = Callable[[list[Job], datetime, Durations], list[Job]]
BUDGET = 2
"""Questions a second, for all jobs together."""


def mean_delay(schedule: Schedule, seconds: int = 400) -> float:
    """The mean seconds from a job's end to its being seen, with one answer every 1 / BUDGET seconds."""
    dice = random.Random(11)
    ends: dict[int, float] = {}
    running: list[Job] = []
    delays: list[float] = []
    durations = Durations()
    for tick in range(seconds * BUDGET):
        now = tick / BUDGET
        for kind, median, spread in ((Action.SHARE, 2.0, 0.5), (Action.UNSHARE, 40.0, 1.0)):
            if dice.random() < 0.3 / BUDGET:
                number = len(ends) + 1
                ends[number] = now + dice.lognormvariate(math.log(median), spread)
                running.append(a_job(number, sent=now, action=kind))
        for job in schedule(running, at(now), durations)[:1]:
            running.remove(job)
            if ends[job.id] > now:
                running.append(replace(job, polled_at=at(now), reads=job.reads + 1))
                continue
            delays.append(now - ends[job.id])
            assert job.submitted_at is not None
            asked = ((job.polled_at or job.submitted_at) - job.submitted_at).total_seconds()
            durations = durations.learned(job.action, asked, (at(now) - job.submitted_at).total_seconds())
    delays += [seconds - ends[job.id] for job in running if ends[job.id] < seconds]
    return sum(delays) / len(delays)


def due_by(interval: Callable[[Job], float]) -> Schedule:
    """Jobs whose interval since the last question has passed, the one overdue longest first."""

    def schedule(jobs: list[Job], now: datetime, durations: Durations) -> list[Job]:
        due = [
            ((job.polled_at or job.submitted_at or now) + timedelta(seconds=interval(job)), job.id, job)
            for job in jobs
        ]
        return [job for when, _, job in sorted(due, key=lambda each: each[:2]) if when <= now]

    return schedule


def by_area(jobs: list[Job], now: datetime, durations: Durations) -> list[Job]:
    return list(choose(jobs, now, durations))


def test_the_area_rule_sees_ends_sooner_than_the_usual_schedules() -> None:
    """With the same number of questions: what the rule is for. It learns on the way, from questions alone."""
    area = mean_delay(by_area)
    fixed = mean_delay(due_by(lambda job: 5.0))
    backing_off = mean_delay(due_by(lambda job: min(2.0**job.reads, 60.0)))

    assert area < 0.65 * fixed
    assert area < 0.65 * backing_off
