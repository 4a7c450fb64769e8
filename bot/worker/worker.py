"""The crews together: people's clicks first, the cloud beside them, Slack beside both, so that none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from bot.domain.model import DueKind
from bot.ports import Outside
from bot.usecases.answer_question import answer_question
from bot.usecases.deliver_notice import deliver_notice
from bot.usecases.handle_inbox import handle_inbox
from bot.usecases.pass_deadline import pass_deadline, remind
from bot.usecases.plan_request import plan_request
from bot.usecases.poll_job import poll_job
from bot.usecases.start_lane import start_lane
from bot.usecases.submit_job import submit_job
from bot.usecases.take_back import take_back
from bot.usecases.verify_members import verify_members
from bot.worker.crew import Crew, Report, UseCase
from bot.worker.polls import PollCrew
from bot.worker.store_trouble import StoreTrouble

log = structlog.get_logger("worker")

PEOPLE: Mapping[DueKind, UseCase] = {
    DueKind.INBOX: handle_inbox,
    DueKind.DEADLINE: pass_deadline,
    DueKind.REMIND: remind,
    DueKind.TAKE_BACK: take_back,
}
CLOUD: Mapping[DueKind, UseCase] = {
    DueKind.SUBMIT: submit_job,
    DueKind.START: start_lane,
    DueKind.VERIFY: verify_members,
    DueKind.PLAN: plan_request,
    DueKind.ANSWER: answer_question,
}
POLLS: Mapping[DueKind, UseCase] = {DueKind.POLL: poll_job}
CHAT: Mapping[DueKind, UseCase] = {DueKind.DELIVER: deliver_notice}
"""Within a crew the kinds stand in order of urgency."""


LEASES = 5
"""Claims of the cloud's crew last so many leases: planning 200 names is hundreds of calls, and the budget may be small."""


class Worker:
    """All crews of one process. Several processes may run on one store: a claim keeps a row to one of them."""

    def __init__(
        self, outside: Outside, *, size: int, new_claim: Callable[[], str], report: Callable[[Report], None]
    ) -> None:
        def done(what: Report) -> None:
            report(what)
            self.nudge()  # what one crew has done is often work for another

        trouble = StoreTrouble(outside.clock)
        self._crews = [
            (PollCrew if jobs is POLLS else Crew)(
                outside,
                jobs,
                size=size,
                new_claim=new_claim,
                report=done,
                leases=LEASES if jobs is CLOUD else 1,
                trouble=trouble,
            )
            for jobs in (PEOPLE, CLOUD, POLLS, CHAT)
        ]
        self._runs: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Sets the crews to work in the running loop."""
        self._runs = [asyncio.create_task(crew.run()) for crew in self._crews]

    def nudge(self) -> None:
        """Something was stored: look at once."""
        for crew in self._crews:
            crew.nudge()

    @property
    def alive(self) -> bool:
        """Whether every crew is running."""
        return bool(self._runs) and not any(run.done() for run in self._runs)

    @property
    def busy(self) -> int:
        """Due rows being acted on just now."""
        return sum(crew.busy for crew in self._crews)

    async def stop(self, seconds: float) -> None:
        """Takes nothing more, finishes what is begun within `seconds`, leaves the rest to its lease."""
        cancelled = await asyncio.gather(*(crew.stop(seconds) for crew in self._crews))
        if sum(cancelled):
            log.warning("cancelled_at_stop", rows=sum(cancelled))
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
