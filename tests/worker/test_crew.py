"""A crew turns errors into later due times, and stops in good order."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from bot.domain.errors import CloudAuthError, CloudBusyError, StaleRowError, StoreBrokenError, StoreBusyError
from bot.domain.model import Due, DueKind
from bot.ports import Outside
from bot.worker.crew import Crew, Outcome, Report
from tests.stories.world import World


class Bench:
    """A crew with one kind of work, done by the test."""

    def __init__(self, act, world: World | None = None) -> None:  # type: ignore[no-untyped-def]
        self.world = world or World()
        self.reports: list[Report] = []
        ids = itertools.count()
        self.crew = Crew(
            self.world.outside,
            {DueKind.POLL: act},
            size=3,
            new_claim=lambda: f"c{next(ids)}",
            report=self.reports.append,
        )

    async def plan(self, subject: str = "1") -> None:
        now = self.world.clock.now()
        await self.world.store.write(lambda tx: tx.plan_work(DueKind.POLL, subject, now))

    async def next_due(self) -> timedelta:
        due = await self.world.store.read(lambda view: view.next_due())
        assert due is not None
        return due - self.world.clock.now()


@pytest.mark.parametrize(
    ("error", "outcome", "wait"),
    [
        (CloudBusyError(retry_after=7.0), Outcome.LATER, 7.0),
        (CloudBusyError(), Outcome.LATER, 5.0),
        (CloudAuthError(), Outcome.BROKEN, 60.0),
        (StaleRowError(), Outcome.RACED, 0.05),
        (StoreBusyError(), Outcome.LATER, 5.0),
        (StoreBrokenError(), Outcome.BROKEN, 5.0),
        (ZeroDivisionError(), Outcome.BROKEN, 5.0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_an_error_becomes_a_later_due_time(error: Exception, outcome: Outcome, wait: float) -> None:
    """Retry exists once: a due row with a later time. Nothing is ever dropped."""

    async def act(_: Outside, __: Due) -> None:
        raise error

    bench = Bench(act)
    await bench.plan()
    await bench.crew.turn()

    assert [report.outcome for report in bench.reports] == [outcome]
    assert (await bench.next_due()).total_seconds() == pytest.approx(wait)


async def test_a_row_that_the_use_case_has_put_back_itself_is_no_trouble() -> None:
    """A warning that a claim is left to its lease would send the operator after something that is not so."""

    async def act(outside: Outside, due: Due) -> None:
        later = outside.clock.now() + timedelta(minutes=3)
        await outside.store.write(lambda tx: tx.postpone(due, later))
        raise CloudAuthError

    bench = Bench(act)
    await bench.plan()
    with structlog.testing.capture_logs() as lines:
        await bench.crew.turn()

    assert [line["event"] for line in lines] == ["operator_needed"]
    assert await bench.next_due() == timedelta(minutes=3)


async def test_waits_grow_and_stay_bounded() -> None:
    """A poison row neither spins nor sleeps for ever."""

    async def act(_: Outside, __: Due) -> None:
        raise CloudBusyError

    bench = Bench(act)
    await bench.plan()
    waits = []
    for _ in range(10):
        await bench.crew.turn()
        wait = await bench.next_due()
        waits.append(wait.total_seconds())
        bench.world.clock.time += wait
    assert waits == sorted(waits)
    assert waits[-1] == 300.0


async def test_stopping_finishes_what_is_begun_and_takes_nothing_more() -> None:
    """SIGTERM: stop taking, finish, leave."""
    begun, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def act(outside: Outside, due: Due) -> None:
        begun.set()
        await go_on.wait()
        await outside.store.write(lambda tx: tx.finish(due))
        done.append(due.subject)

    bench = Bench(act)
    await bench.plan("1")
    run = asyncio.create_task(bench.crew.run())
    await begun.wait()
    stop = asyncio.create_task(bench.crew.stop(5.0))
    await bench.plan("2")
    go_on.set()
    assert await stop == 0
    await run

    assert done == ["1"]
    assert await bench.world.store.read(lambda view: view.next_due()) is not None


async def test_what_does_not_finish_in_time_keeps_its_claim_until_the_lease_ends() -> None:
    """It is acted on again by the next process, not lost."""
    begun = asyncio.Event()

    async def act(_: Outside, __: Due) -> None:
        begun.set()
        await asyncio.Event().wait()

    bench = Bench(act)
    await bench.plan()
    run = asyncio.create_task(bench.crew.run())
    await begun.wait()
    assert await bench.crew.stop(0.01) == 1
    await run

    assert await bench.next_due() == bench.world.outside.limits.lease


async def test_no_more_rows_are_taken_than_there_are_hands() -> None:
    """Bounded work: a thousand due rows are not a thousand tasks."""
    most, now_busy, gate = 0, 0, asyncio.Event()

    async def act(outside: Outside, due: Due) -> None:
        nonlocal most, now_busy
        now_busy += 1
        most = max(most, now_busy)
        await asyncio.sleep(0)
        now_busy -= 1
        await outside.store.write(lambda tx: tx.finish(due))
        if due.subject == "19":
            gate.set()

    bench = Bench(act)
    for n in range(20):
        await bench.plan(str(n))
    run = asyncio.create_task(bench.crew.run())
    await asyncio.wait_for(gate.wait(), 20)
    await bench.crew.stop(5.0)
    await run

    assert most <= 3
    assert len(bench.reports) == 20


@pytest.mark.parametrize("trouble", [StoreBusyError, ZeroDivisionError])
async def test_a_store_that_is_away_for_a_while_does_not_end_the_crew(trouble: type[Exception]) -> None:
    """It goes on when the store does, whatever came out of it meanwhile."""
    done = asyncio.Event()

    async def act(outside: Outside, due: Due) -> None:
        await outside.store.write(lambda tx: tx.finish(due))
        done.set()

    bench = Bench(act)
    await bench.plan()
    real, failures = bench.world.store, itertools.count()

    class Away:
        """Refuses the first readings."""

        write, close = real.write, real.close

        async def read(self, query):  # type: ignore[no-untyped-def]
            if next(failures) < 2:
                raise trouble
            return await real.read(query)

    bench.crew._outside = replace(bench.world.outside, store=Away())
    run = asyncio.create_task(bench.crew.run())
    bench.crew.nudge()
    await asyncio.wait_for(done.wait(), 20)
    await bench.crew.stop(1.0)
    await run
