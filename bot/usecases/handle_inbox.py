"""An acknowledged click, handed to the use case it asks for."""

from __future__ import annotations

from bot.domain.model import ClickKind, Due, InboxId
from bot.ports import Outside
from bot.usecases.break_glass import break_glass
from bot.usecases.cancel import cancel_by_click
from bot.usecases.keep_copy import keep_copy
from bot.usecases.record_decision import record_decision
from bot.usecases.retry import retry_by_click


async def handle_inbox(outside: Outside, due: Due) -> None:
    """Acts on an INBOX row; one that was handled before (a crash came in between) is only finished."""
    item = await outside.store.read(lambda view: view.inbox_item(InboxId(int(due.subject))))
    if item is None or item.handled_at is not None:
        await outside.store.write(lambda tx: tx.finish(due))
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
