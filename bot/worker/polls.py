"""The crew that asks the cloud how jobs stand. Of the jobs worth a question it asks first about the one worth most, and it
chooses at the last moment: when the question chosen before has got its turn among all calls to the cloud. Only where very many
are worth one are they put in order less often than that."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.model import Due
from bot.worker.crew import Crew

MOMENT = 0.01
"""Seconds between two choices."""
HOLDS = timedelta(milliseconds=0.5)
"""An order of so many jobs holds for as many times this: to put a thousand in order takes some ten milliseconds in which nobody
is acknowledged, and of a thousand that wait half a second makes none much more worth a question."""


class PollCrew(Crew):
    """A job that Outside.pace does not put in order waits until no other is due, or until its own row is the only one left:
    none is ever left out for good."""

    _best: tuple[str, ...] = ()
    """Subjects, the one most worth a question last."""
    _ordered_at: datetime | None = None
    _ordered = 0

    async def _take(self) -> float:
        """With a moment for what was chosen to get in line; a question too many would only wait there."""
        return max(await super()._take(), MOMENT)

    async def _ahead(self) -> float:
        """Not before the next question would get its turn."""
        return max(await super()._ahead(), self._outside.pace.turn_in())

    async def _claim(self, limit: int) -> tuple[Due, ...]:
        """The row of the job most worth a question. Somebody else may have it by now; then that of the next."""
        now = self._outside.clock.now()
        if not self._best or not self._holds(now):
            await self._put_in_order(now)
        if not self._best:
            return await self._claim_of(limit, None)
        claimed = await self._claim_of(1, self._best[::-1])
        self._best = self._best[: self._best.index(claimed[0].subject)] if claimed else ()
        return claimed

    def _holds(self, now: datetime) -> bool:
        made = self._ordered_at
        return made is not None and timedelta(0) <= now - made < self._ordered * HOLDS

    async def _put_in_order(self, now: datetime) -> None:
        jobs = await self._outside.store.read(lambda view: view.jobs_to_ask(now))
        self._best = tuple(str(job.id) for job in reversed(self._outside.pace.order(jobs, now)))
        self._ordered, self._ordered_at = len(jobs), now
