"""The cloud is asked where an answer is most likely overdue, and nobody waits for ever."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Action, ImageId, Job, JobRowId, LaneId, ProjectId
from bot.domain.polling import (
    HIGHEST,
    LONGEST,
    PATIENCE,
    PRICE,
    SOONEST,
    Durations,
    Kind,
    Law,
    choose,
    kind_of,
    next_poll,
    worth,
)
from bot.domain.states import JobState

START = datetime(2025, 1, 1, tzinfo=UTC)
REGION = "eu-west-101"
SHARE, UNSHARE = kind_of(Action.SHARE, REGION), kind_of(Action.UNSHARE, REGION)
spans = st.floats(0, 1e5)
answers = st.lists(st.tuples(st.booleans(), st.floats(0, 1e4), st.floats(0, 1e4)), max_size=12)


def taught(seen: list[tuple[bool, float, float]]) -> Law:
    law = Law()
    for ended, one, other in seen:
        law = (law.ended if ended else law.survived)(*sorted((one, other)))
    return law


laws = st.builds(taught, answers)


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


def watched(law: Law, took: float, step: float) -> Law:
    """The law after a job that was asked about every so many seconds until it was seen to have ended."""
    age = 0.0
    while age + step < took:
        law, age = law.survived(age, age + step), age + step
    return law.ended(age, age + step)


# -- the law --------------------------------------------------------------------------------------------------------


def test_with_no_data_a_job_is_believed_to_take_about_two_seconds() -> None:
    """Adding members ends in one to three seconds as a rule; the first job must not be asked about
    blindly."""
    law = Durations().of(SHARE)

    assert law.median == pytest.approx(2.0, rel=0.15)
    assert 0.5 < law.running(1.0) - law.running(3.0) < 0.9
    assert law.running(60.0) > 0.001
    assert 0.5 <= next_poll(0.0, 0.0, law) <= 2.0


@given(laws, spans, spans)
def test_the_law_is_a_law(law: Law, one: float, other: float) -> None:
    """Probabilities between 0 and 1 that fall with age."""
    younger, older = sorted((one, other))

    assert 1.0 >= law.running(younger) >= law.running(older) >= 0.0


@pytest.mark.parametrize(("median", "spread"), [(2.0, 0.4), (20.0, 1.3), (300.0, 0.8)])
@pytest.mark.parametrize("coarsest", [0.25, 1.0])
def test_what_jobs_really_take_is_learned_from_when_they_were_asked_about(
    median: float, spread: float, coarsest: float
) -> None:
    """The end itself is never seen, only that it lay between two questions, be they up to a whole median apart."""
    dice = random.Random(7)
    law = Law()
    for _ in range(400):
        step = median * dice.uniform(0.2, coarsest)
        law = watched(law, dice.lognormvariate(math.log(median), spread), step)

    assert law.median == pytest.approx(median, rel=0.25)
    for part in (-1.0, 1.0):
        true = 0.5 * math.erfc(part / math.sqrt(2))
        assert law.running(median * math.exp(part * spread)) == pytest.approx(true, abs=0.15)


def test_jobs_still_running_teach_before_they_end() -> None:
    """A cloud that hangs ends no job at all: waiting for ends to learn from would mean asking as if it were quick."""
    law = Law()
    for _ in range(30):
        law = law.survived(0.0, 120.0)

    assert law.median > 100
    assert next_poll(0.0, 0.0, law) > 1.5 * next_poll(0.0, 0.0, Law())


def test_ignoring_the_jobs_still_running_would_believe_too_little() -> None:
    """Of jobs watched for a while the quick ones end first; without the others the law would be of quick jobs only."""
    dice = random.Random(3)
    law, ends_only = Law(), Law()
    for _ in range(400):
        took = dice.lognormvariate(math.log(20.0), 1.0)
        if took < 10.0:
            law, ends_only = watched(law, took, 1.0), ends_only.ended(took // 1, took // 1 + 1)
        else:
            law = law.survived(0.0, 10.0)  # and then the bot is restarted

    assert law.running(10.0) == pytest.approx(0.756, abs=0.08)
    assert ends_only.running(10.0) < 0.3


def test_a_change_of_the_cloud_is_learned_and_the_memory_does_not_grow() -> None:
    """A cloud that becomes slow must not be judged by last year's speed."""
    law = Law()
    for _ in range(2000):
        law = watched(law, 1.5, 1.0)
    fast, size = law.median, len(json.dumps(law.to_plain()))
    for _ in range(2000):
        law = law.survived(0.0, 100.0).ended(100.0, 120.0)

    assert fast == pytest.approx(1.5, rel=0.3)
    assert law.median == pytest.approx(110, rel=0.2)
    assert len(json.dumps(law.to_plain())) < 2 * size < 8000


@given(answers)
def test_what_was_learned_survives_being_written_down(seen: list[tuple[bool, float, float]]) -> None:
    """A restart must not send the bot back to guessing."""
    durations = Durations({SHARE: taught(seen)})
    plain = {str(kind): law.to_plain() for kind, law in durations.laws.items()}

    assert Durations.from_plain(json.loads(json.dumps(plain))) == durations


numbers = st.none() | st.floats() | st.booleans() | st.integers() | st.text(max_size=3)


@given(
    st.recursive(
        numbers,
        lambda inner: (
            st.dictionaries(st.sampled_from(("ends", "seconds", "x")), inner)
            | st.lists(inner, max_size=3)
            | st.lists(inner, min_size=46, max_size=46)
        ),
        max_leaves=60,
    )
)
def test_nonsense_that_was_kept_is_as_if_nothing_was_learned(kept: object) -> None:
    """A broken row of statistics must never keep the bot from starting or from asking."""
    law = Durations.from_plain({str(SHARE): kept}).of(SHARE)

    assert 0.0 <= next_poll(3.0, 1.0, law) <= LONGEST


@pytest.mark.parametrize(
    ("after", "by"), [(-5.0, -1.0), (3.0, 2.0), (math.nan, 1.0), (0.0, math.inf), (0.0, 0.0)]
)
def test_impossible_ages_teach_nothing(after: float, by: float) -> None:
    """Clocks jump; a job that ended before it began is no evidence."""
    assert Law().ended(after, by) == Law()
    assert Law().survived(after, by) == Law()


@given(answers)
def test_every_end_counts_for_one_job(seen: list[tuple[bool, float, float]]) -> None:
    """However the end is spread over the ages it may have come at."""
    law = taught(seen)
    after = law.ended(1.0, 30.0)

    assert sum(after.ends) == pytest.approx(sum(law.ends) * (1 - 1 / 500) + 1)
    assert sum(after.seconds) <= sum(law.seconds) + 29.0 + 1e-6


def test_kinds_and_regions_are_learned_apart() -> None:
    """Removing may be slow where adding is quick, and one region busy while another sleeps."""
    durations = Durations()
    for _ in range(50):
        durations = durations.survived(UNSHARE, 0.0, 60.0).ended(UNSHARE, 60.0, 61.0)

    assert durations.of(SHARE) == durations.of(Kind("ap-southeast-1/unshare")) == Law()
    assert durations.of(UNSHARE).median > 50


# -- the rule -------------------------------------------------------------------------------------------------------


@given(laws, spans, spans, st.floats(0, 1e4))
def test_what_a_question_is_worth_grows_with_age_from_nothing(
    law: Law, asked: float, waited: float, more: float
) -> None:
    """Nothing is more worth asking now than later, all else alike; and right after an answer nothing is."""
    now = worth(asked + waited, asked, law)

    assert worth(asked, asked, law) == 0.0
    assert worth(asked + waited + more, asked, law) >= now * (1 - 1e-6) - 1e-5


@given(laws, spans, st.floats(0, 1e4))
def test_no_job_is_ever_worth_less_than_one_that_ends_at_a_steady_rate(
    law: Law, asked: float, waited: float
) -> None:
    """So that whatever was learned and however many others there are, each job's turn comes."""
    steady = min(PATIENCE * math.expm1(waited / PATIENCE) - waited, HIGHEST)

    assert worth(asked + waited, asked, law) >= steady * 0.999 - 1e-3


@given(laws, st.floats(0, 50), st.floats(0.01, 20))
def test_what_a_question_is_worth_is_the_integral_it_is_said_to_be(
    law: Law, asked: float, waited: float
) -> None:
    """The closed form against a sum over small steps."""
    age, steps = asked + waited, 4000
    here = law.running(age)
    if here < 1e-6:
        return
    step = waited / steps
    summed = sum((law.running(asked + (n + 0.5) * step) / here - 1) * step for n in range(steps))

    assert worth(age, asked, law) == pytest.approx(min(summed, HIGHEST), rel=1e-2, abs=1e-4)


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
        assert worth(age + wait, asked, law) >= price - 1e-6


def test_a_higher_price_asks_later() -> None:
    """The price is what a question must save."""
    waits = [next_poll(0.0, 0.0, Law(), price) for price in (0.05, PRICE, 1.0, 5.0)]

    assert waits == sorted(waits)
    assert waits[0] < waits[-1]


def laws_of(durations: Durations) -> Callable[[Job], Law]:
    return lambda job: durations.of(kind_of(job.action, REGION))


def test_the_job_whose_end_is_most_likely_overdue_is_asked_about_first() -> None:
    """A fresh job that should have ended by now goes before one that was just found running."""
    overdue = a_job(1, sent=0.0)
    just_asked = a_job(2, sent=0.0, asked=5.9)
    fresh = a_job(3, sent=5.8)
    unsent = a_job(4, sent=None)
    resent = a_job(5, sent=4.0, asked=2.0)
    jobs = [just_asked, unsent, fresh, resent, overdue]

    assert [job.id for job in choose(jobs, at(6.0), laws_of(Durations()))] == [1, 5, 2]


def test_the_order_does_not_depend_on_the_order_of_the_jobs() -> None:
    """Alike jobs go oldest first, then by number: no luck, no starving."""
    jobs = [a_job(n, sent=float(n % 3)) for n in range(1, 9)]

    chosen = choose(jobs, at(10.0), laws_of(Durations()))
    assert chosen == choose(list(reversed(jobs)), at(10.0), laws_of(Durations()))
    assert [job.id for job in chosen] == [3, 6, 1, 4, 7, 2, 5, 8]


@pytest.mark.parametrize("fresh", [2, 20, 200])
def test_an_old_job_is_not_starved_by_a_stream_of_fresh_ones(fresh: int) -> None:
    """Hours after its kind should have ended it still gets its turn within minutes, even where more quick jobs that surely
    have ended come than can be asked about."""
    old = a_job(1, sent=0.0, asked=36_000.0)
    durations = Durations()
    for _ in range(300):
        durations = durations.ended(SHARE, 1.0, 2.0)
    law_of = laws_of(durations)
    waited = next(
        seconds
        for seconds in range(1, 1000)
        if choose([old, a_job(2, sent=36_000.0 + seconds - fresh)], at(36_000.0 + seconds), law_of)[0] is old
    )

    assert waited < PATIENCE
