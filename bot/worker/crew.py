"""One crew acts on some kinds of due rows, so many at once. It claims under a lease, runs the use case, and turns errors into
a later due time. Retry exists only here: a due row with a later time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot.domain.errors import (
    BotError,
    ClaimLostError,
    OperatorError,
    StaleRowError,
    StoreBrokenError,
    TransientError,
)  # fmt: skip
from bot.domain.model import Due, DueKind
from bot.ports import Outside
from bot.worker.store_trouble import StoreTrouble

log = structlog.get_logger("worker")

UseCase = Callable[[Outside, Due], Awaitable[None]]

IDLE = 1.0
"""Seconds after which a crew with nothing to do looks again by itself, nudged or not."""
OPERATOR_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(minutes=5)


class Outcome(StrEnum):
    DONE = "done"
    LATER = "later"
    RACED = "raced"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True)
class Report:
    """One due row acted on, for metrics and readiness."""

    kind: DueKind
    outcome: Outcome
    seconds: float
    error: BaseException | None = None


class Crew:
    """Claims and acts until told to stop."""

    def __init__(
        self, outside: Outside, jobs: Mapping[DueKind, UseCase], *, size: int, new_claim: Callable[[], str],
        report: Callable[[Report], None], leases: int = 1, trouble: StoreTrouble | None = None,
    ) -> None:  # fmt: skip
        """`leases`: a claim lasts so many times the lease of the limits. `trouble`: shared by crews of one store."""
        self._outside = outside
        self._lease = outside.limits.lease * leases
        self._jobs = jobs
        self._kinds = tuple(jobs)
        self._size = size
        self._new_claim = new_claim
        self._report = report
        self._trouble = trouble or StoreTrouble(outside.clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False

    def nudge(self) -> None:
        """Something may be due now: look at once instead of at the next tick."""
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`. A broken store is waited out; what is claimed meanwhile comes free when its lease ends."""
        while not self._stopping:
            self._wake.clear()
            try:
                wait = await self._take()
            except BotError as error:
                self._trouble.met(self, error)
                wait = IDLE
            except Exception:
                # A crew that ends in silence would be work that is never done.
                log.exception("bug", kind="claim", subject="", attempts=0)
                wait = IDLE
            if wait > 0 and not self._stopping:
                await self._sleep(wait)

    async def stop(self, seconds: float) -> int:
        """Takes nothing more, waits up to `seconds` for what is being done, then cancels it. How many were cancelled;
        their claims run out and the rows are acted on again."""
        self._stopping = True
        self._wake.set()
        if not self._tasks:
            return 0
        _, pending = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return len(pending)

    @property
    def busy(self) -> int:
        return len(self._tasks)

    async def turn(self) -> int:
        """Acts on what is due just now, one row after another, and returns how many there were. For drivers that keep their
        own time; `run` does the same with many hands."""
        rows = await self._claim(self._size) if await self._ahead() <= 0 else ()
        for due in rows:
            await self._act(due)
        return len(rows)

    async def _take(self) -> float:
        """Claims as many due rows as there are free hands, and sets to work on them. Seconds after which to look again,
        unless woken before."""
        free = self._size - len(self._tasks)
        if free <= 0:
            return IDLE
        ahead = await self._ahead()
        if ahead > 0:
            self._trouble.over(self)
            return min(max(ahead, 0.005), IDLE)
        rows = await self._claim(free)
        self._trouble.over(self)
        for due in rows:
            task = asyncio.create_task(self._act(due))
            self._tasks.add(task)
            task.add_done_callback(self._finished)
        if not rows:
            return 0.05
        return 0.0 if len(rows) < free else IDLE

    async def _claim(self, limit: int) -> tuple[Due, ...]:
        return await self._claim_of(limit, None)

    async def _claim_of(self, limit: int, subjects: Sequence[str] | None) -> tuple[Due, ...]:
        now = self._outside.clock.now()
        until, claim = now + self._lease, self._new_claim()
        return await self._outside.store.write(
            lambda tx: tx.claim_due(
                now, kinds=self._kinds, until=until, claim=claim, limit=limit, subjects=subjects
            )
        )

    async def _ahead(self) -> float:
        """Seconds until something is due; at most 0 when something is, infinite when nothing ever will be. A look is cheap,
        a claim is a durable write."""
        upcoming = await self._outside.store.read(lambda view: view.next_due(self._kinds))
        return math.inf if upcoming is None else (upcoming - self._outside.clock.now()).total_seconds()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _act(self, due: Due) -> None:
        began = asyncio.get_running_loop().time()
        outcome, error = await self._try(due)
        seconds = asyncio.get_running_loop().time() - began
        self._report(Report(kind=due.kind, outcome=outcome, seconds=seconds, error=error))

    async def _try(self, due: Due) -> tuple[Outcome, BaseException | None]:
        try:
            await self._jobs[due.kind](self._outside, due)
        except ClaimLostError as error:
            return Outcome.RACED, error
        except StaleRowError as error:
            await self._postpone(due, timedelta(milliseconds=50))
            return Outcome.RACED, error
        except TransientError as error:
            wait = (
                timedelta(seconds=error.retry_after) if error.retry_after is not None else self._back_off(due)
            )
            log.info(
                "later", kind=due.kind.value, subject=due.subject, attempts=due.attempts, why=error.message
            )
            await self._postpone(due, max(wait, timedelta(milliseconds=100)))
            return Outcome.LATER, error
        except OperatorError as error:
            log.error("operator_needed", kind=due.kind.value, subject=due.subject, why=error.message)
            # A store that can be written again just now, as the next line does, is no reason to wait for an operator.
            is_store = isinstance(error, StoreBrokenError)
            await self._postpone(due, self._back_off(due) if is_store else OPERATOR_DELAY)
            return Outcome.BROKEN, error
        except Exception as error:
            log.exception("bug", kind=due.kind.value, subject=due.subject, attempts=due.attempts)
            await self._postpone(due, self._back_off(due))
            return Outcome.BROKEN, error
        return Outcome.DONE, None

    def _back_off(self, due: Due) -> timedelta:
        doubled: int = 2 ** min(due.attempts - 1, 10)
        return min(self._outside.limits.retry_delay * doubled, LONGEST_DELAY)

    async def _postpone(self, due: Due, wait: timedelta) -> None:
        at: datetime = self._outside.clock.now() + wait
        try:
            await self._outside.store.write(lambda tx: tx.postpone(due, at))
        except ClaimLostError:
            return  # whoever put it back, the use case or another worker, has said when
        except BotError as error:
            log.warning(
                "claim_left_to_its_lease", kind=due.kind.value, subject=due.subject, why=error.message
            )
