"""The crew that asks the cloud how jobs stand. Of the jobs worth a question it asks first about the one worth most, and it
chooses at the last moment: when the question chosen before has got its turn among all calls to the cloud."""

from __future__ import annotations

from bot.domain.model import Due
from bot.worker.crew import Crew

MOMENT = 0.01
"""Seconds between two choices."""


class PollCrew(Crew):
    """A job that Outside.pace does not put in order waits until no other is due, or until its own row is the only one left:
    none is ever left out for good."""

    async def _take(self) -> float:
        """With a moment for what was chosen to get in line; a question too many would only wait there."""
        return max(await super()._take(), MOMENT)

    async def _ahead(self) -> float:
        """Not before the next question would get its turn."""
        return max(await super()._ahead(), self._outside.pace.turn_in())

    async def _claim(self, limit: int) -> tuple[Due, ...]:
        """The row of the job most worth a question. Somebody else may have it by now; then that of the next."""
        now = self._outside.clock.now()
        jobs = await self._outside.store.read(lambda view: view.jobs_to_ask(now))
        best = [str(job.id) for job in self._outside.pace.order(jobs, now)]
        return await self._claim_of(1, best) if best else await self._claim_of(limit, None)
