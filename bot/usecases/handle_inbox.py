"""An acknowledged click or question, handed to the use case it asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.model import ClickKind, Due, InboxId, InboxItem, InboxKind
from bot.ports import Outside
from bot.usecases.answer_reads import answer_who
from bot.usecases.answer_why import answer_why
from bot.usecases.break_glass import break_glass
from bot.usecases.cancel import cancel_by_click
from bot.usecases.dry_run import answer_dry_run
from bot.usecases.keep_copy import keep_copy
from bot.usecases.record_decision import record_decision
from bot.usecases.retry import retry_by_click

QUESTIONS: Mapping[InboxKind, Callable[[Outside, Due, InboxItem], Awaitable[None]]] = {
    InboxKind.WHO: answer_who,
    InboxKind.WHY: answer_why,
    InboxKind.DRY_RUN: answer_dry_run,
}


async def handle_inbox(outside: Outside, due: Due) -> None:
    """Acts on an INBOX row; one that was handled before (a crash came in between) is only finished."""
    item = await outside.store.read(lambda view: view.inbox_item(InboxId(int(due.subject))))
    if item is None or item.handled_at is not None:
        await outside.store.write(lambda tx: tx.finish(due))
        return
    if item.kind is not InboxKind.CLICK:
        await QUESTIONS[item.kind](outside, due, item)
        return
    await keep_copy(outside, item)
    match ClickKind(item.body["click"]):
        case ClickKind.APPROVE | ClickKind.REJECT | ClickKind.CHOOSE:
            await record_decision(outside, due, item)
        case ClickKind.BREAK_GLASS:
            await break_glass(outside, due, item)
        case ClickKind.CANCEL:
            await cancel_by_click(outside, due, item)
        case ClickKind.RETRY:
            await retry_by_click(outside, due, item)
