"""An acknowledged question that takes the cloud or Slack to answer, handed to the use case it asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.model import Due, InboxId, InboxItem, InboxKind
from bot.ports import Outside
from bot.usecases.answer_reads import answer_who
from bot.usecases.answer_why import answer_why
from bot.usecases.dry_run import answer_dry_run

QUESTIONS: Mapping[InboxKind, Callable[[Outside, Due, InboxItem], Awaitable[None]]] = {
    InboxKind.WHO: answer_who,
    InboxKind.WHY: answer_why,
    InboxKind.DRY_RUN: answer_dry_run,
}


async def answer_question(outside: Outside, due: Due) -> None:
    """Acts on an ANSWER row; one that was answered before (a crash came in between) is only finished."""
    item = await outside.store.read(lambda view: view.inbox_item(InboxId(int(due.subject))))
    if item is None or item.handled_at is not None or item.kind not in QUESTIONS:
        await outside.store.write(lambda tx: tx.finish(due))
        return
    await QUESTIONS[item.kind](outside, due, item)
