"""The account's budget of calls, with a clock that moves only when somebody sleeps."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.huawei.budget import Budget, Priority
from bot.domain.errors import CloudBusyError


class SleepingTime:
    """Time in which the earliest sleeper wakes as soon as nobody else has anything to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + max(seconds, 0.0), woken))
        await woken

    async def run(self, *jobs: asyncio.Task[object]) -> None:
        """Until all of the jobs are done."""
        while not all(job.done() for job in jobs):
            for _ in range(20):
                await asyncio.sleep(0)
            self._sleepers = [(at, one) for at, one in self._sleepers if not one.done()]
            if not self._sleepers:
                continue
            earliest = min(self._sleepers, key=lambda sleeper: sleeper[0])
            self._sleepers.remove(earliest)
            self.now = max(self.now, earliest[0])
            earliest[1].set_result(None)


def budget(time: SleepingTime, rate: float, burst: int) -> Budget:
    return Budget(rate, burst, clock=time.clock, sleep=time.sleep)


async def grants(
    time: SleepingTime, bucket: Budget, wishes: list[tuple[float, Priority]]
) -> list[tuple[float, int]]:
    """When each of the wishes (time, priority) was granted, in order of granting, with its number."""
    granted: list[tuple[float, int]] = []

    async def one(number: int, at: float, priority: Priority) -> None:
        await time.sleep(at)
        await bucket.take(priority)
        granted.append((time.now, number))

    jobs = [asyncio.create_task(one(n, *wish)) for n, wish in enumerate(wishes)]
    await time.run(*jobs)
    return granted


@settings(max_examples=40, deadline=None)
@given(rate=st.sampled_from([0.5, 1.0, 2.5, 5.0, 20.0]), burst=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_no_window_of_one_second_holds_more_than_the_rate_or_the_burst(
    rate: float, burst: int, seed: int
) -> None:
    """A gateway whose limit equals the budget must never throttle us."""
    rng = random.Random(seed)
    wishes = [(rng.choice([0.0, rng.random() * 3]), rng.choice(list(Priority))) for _ in range(40)]

    async def run() -> list[float]:
        time = SleepingTime()
        return [at for at, _ in await grants(time, budget(time, rate, burst), wishes)]

    times = asyncio.run(run())
    most = max(-(-rate // 1), burst)

    assert len(times) == len(wishes)
    assert all(sum(1 for other in times if at - 1 + 1e-6 < other <= at) <= most for at in times)
    assert all(
        sum(1 for other in times if at <= other < at + span) <= burst + rate * span + 1e-6
        for at in times
        for span in (2.0, 5.0)
    )


async def test_a_full_bucket_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    """A click must not wait for the polls of the last second."""
    time = SleepingTime()

    times = [at for at, _ in await grants(time, budget(time, 4.0, 2), [(0.0, Priority.POLL)] * 8)]

    assert times[:4] == pytest.approx([0, 0, 0.25, 0.5])
    assert times[-1] == pytest.approx(1.5, abs=0.26)


async def test_writes_go_before_polls_before_lookups() -> None:
    """People wait for what they approved; a suggestion can wait."""
    time = SleepingTime()
    wishes = [(0.0, Priority.WRITE)] + [
        (0.01, p) for p in (Priority.LOOKUP, Priority.POLL, Priority.WRITE, Priority.LOOKUP, Priority.WRITE)
    ]

    order = [number for _, number in await grants(time, budget(time, 2.0, 1), wishes)]

    assert order == [0, 3, 5, 2, 1, 4]


async def test_a_stream_of_urgent_calls_does_not_starve_a_lookup() -> None:
    """With many jobs in flight the next request must still be planned."""
    time = SleepingTime()
    wishes = [(0.0, Priority.LOOKUP), *[(n * 0.1, Priority.WRITE) for n in range(200)]]

    granted = await grants(time, budget(time, 2.0, 1), [(0.0, Priority.WRITE), *wishes])
    waited = next(at for at, number in granted if number == 1)

    assert 2.0 < waited < 30.0  # the other 160 writes, which came later, would take until 100


async def test_a_throttle_pauses_everybody_for_the_time_the_cloud_gave() -> None:
    """Calls made while throttled count against the window and make it longer."""
    time = SleepingTime()
    bucket = budget(time, 10.0, 5)

    assert bucket.throttled(3.0) == 3.0
    granted = await grants(time, bucket, [(0.0, Priority.WRITE), (1.0, Priority.POLL)])

    assert [at for at, _ in granted] == pytest.approx([3.0, 3.0])


async def test_without_a_time_from_the_cloud_the_pause_doubles_until_a_call_is_taken() -> None:
    """The vendor's documents promise no Retry-After."""
    time = SleepingTime()
    bucket = budget(time, 10.0, 5)
    pauses = []
    for _ in range(4):
        pauses.append(bucket.throttled())
        time.now += pauses[-1]
    bucket.accepted()

    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert bucket.throttled() == 1.0


async def test_ten_calls_throttled_at_once_make_one_pause() -> None:
    """They were all sent before the first refusal came; ten doublings would be a quarter of an hour."""
    time = SleepingTime()
    bucket = budget(time, 10.0, 5)

    pauses = [bucket.throttled() for _ in range(10)]

    assert set(pauses) == {1.0}


async def test_a_success_from_before_the_pause_does_not_end_it() -> None:
    """Answers overtake each other."""
    bucket = budget(SleepingTime(), 10.0, 5)
    bucket.throttled(5.0)

    bucket.accepted()

    assert bucket.pause_left == 5.0


async def test_a_pause_longer_than_the_patience_is_told_at_once() -> None:
    """A worker whose lease runs out while it waits would send the call after somebody else has the row."""
    bucket = budget(SleepingTime(), 10.0, 5)
    bucket.throttled(60.0)

    with pytest.raises(CloudBusyError) as busy:
        await bucket.take(Priority.WRITE, patience=15.0)

    assert busy.value.retry_after == 60.0


async def test_a_waiter_that_gives_up_leaves_its_place_to_the_next() -> None:
    """Otherwise one cancelled call stops the bot."""
    time = SleepingTime()
    bucket = budget(time, 1.0, 1)
    await bucket.take(Priority.WRITE)
    first = asyncio.create_task(bucket.take(Priority.WRITE))
    second = asyncio.create_task(bucket.take(Priority.POLL))
    await asyncio.sleep(0)
    assert bucket.waiting == 2

    first.cancel()
    await time.run(first, second)

    assert second.exception() is None
    assert bucket.waiting == 0


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (-1.0, 1), (1.0, 0), (float("nan"), 1)])
def test_a_budget_that_lets_nothing_through_is_refused(rate: float, burst: int) -> None:
    """A mistyped setting must not become a bot that hangs."""
    with pytest.raises(ValueError, match="budget"):
        Budget(rate, burst)


async def test_equal_waiters_are_served_in_the_order_they_came() -> None:
    """Fairness among polls."""
    time = SleepingTime()
    wishes = [(n * 0.001, Priority.POLL) for n in range(10)]

    order = [number for _, number in await grants(time, budget(time, 5.0, 1), wishes)]

    assert all(one < other for one, other in pairwise(order))


@settings(max_examples=40, deadline=None)
@given(rate=st.sampled_from([1.0, 2.5, 5.0, 9.9]), burst=st.integers(1, 20), seed=st.integers(0, 10**6))
def test_no_second_at_the_gateway_sees_more_calls_than_the_rate_however_long_they_take(
    rate: float, burst: int, seed: int
) -> None:
    """Calls held up on the way meet those of the next second; a window counted from their start alone would not see that."""
    rng = random.Random(seed)
    arrivals: list[float] = []

    async def call(time: SleepingTime, bucket: Budget, at: float) -> None:
        await time.sleep(at)
        turn = await bucket.take(rng.choice(list(Priority)))
        turn.sending()
        await time.sleep(rng.choice([0.001, rng.random() * 0.1, 0.24]))
        arrivals.append(time.now)
        await time.sleep(rng.choice([0.001, 0.5]))
        turn.answered()

    async def run() -> None:
        time = SleepingTime()
        bucket = budget(time, rate, burst)
        await time.run(*[asyncio.create_task(call(time, bucket, rng.random() * 2)) for _ in range(30)])

    asyncio.run(run())
    most = max(rate // 1, 1)

    assert len(arrivals) == 30
    assert all(sum(1 for other in arrivals if at - 1 + 1e-6 < other <= at) <= most for at in arrivals)


async def test_an_answer_frees_its_place_a_second_later_and_no_sooner() -> None:
    """Else a slow gateway would be asked less than it allows."""
    time = SleepingTime()
    bucket = budget(time, 1.0, 1)
    turn = await bucket.take(Priority.POLL)
    time.now = 0.1
    turn.answered()
    following = asyncio.create_task(bucket.take(Priority.POLL))
    await time.run(following)

    assert time.now == pytest.approx(1.1)


async def test_every_kind_of_call_has_its_share_when_all_wait_and_writes_have_the_largest() -> None:
    """Nobody's backlog, however long, keeps the others from their turn; and what people approved goes first."""
    time = SleepingTime()
    wishes = [(0.0, priority) for priority in Priority for _ in range(100)]

    granted = await grants(time, budget(time, 5.0, 1), wishes)
    first = [wishes[number][1] for _, number in granted[:100]]

    assert [first.count(priority) >= 10 for priority in Priority] == [True] * 4
    assert first.count(Priority.WRITE) == max(first.count(priority) for priority in Priority)


async def test_a_question_is_chosen_when_none_of_its_kind_waits() -> None:
    """So that one waits at most, and keeps its place while it does."""
    time = SleepingTime()
    bucket = budget(time, 1.0, 1)
    await bucket.take(Priority.WRITE)
    assert bucket.turn_in(Priority.POLL) == 0.0

    waiting = asyncio.create_task(bucket.take(Priority.POLL))
    await asyncio.sleep(0)
    assert 0.9 < bucket.turn_in(Priority.POLL) < 1.5
    assert bucket.turn_in(Priority.LOOKUP) == 0.0

    await time.run(waiting)
    assert bucket.turn_in(Priority.POLL) == 0.0
