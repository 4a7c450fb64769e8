"""The card of a request, drawn from the store at the moment of delivery: posted once, from then on updated in place, and only where
something else is drawn than stands there."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.errors import NotReachableError
from bot.domain.model import Request
from bot.domain.notices import Copy, Message, Notice, NoticeKind, fingerprint, marked
from bot.domain.wording import replies
from bot.domain.wording.card import card
from bot.ports import Outside, View
from bot.usecases.answer_reads import card_view
from bot.usecases.speak import REPEATED, find, tell_directly

GONE = ("message_not_found", "edit_window_closed", "cant_update_message")
"""Nothing can be drawn there ever again. For any other reason the next drawing is tried."""


class CardNotPostedError(NotReachableError):
    """The card cannot be posted where it belongs; its requester has been told how to invite the bot."""


def unchanged(view: View, outside: Outside, notice: Notice) -> bool:
    """Whether every copy of the card shows already what would be drawn now."""
    if notice.kind is not NoticeKind.CARD or notice.request is None:
        return False
    copies = view.copies(notice.request)
    if not copies or not all(copy.shown for copy in copies):
        return False
    seen = card_view(view, outside, notice.request)
    return seen is not None and not _stale(copies, card(seen))


def _stale(copies: tuple[Copy, ...], message: Message) -> tuple[Copy, ...]:
    return tuple(copy for copy in copies if copy.shown != fingerprint(message, mark=_mark(copy)))


def _mark(copy: Copy) -> str:
    return REPEATED if copy.repeated else ""


async def show_card(outside: Outside, notice: Notice) -> tuple[Copy, ...]:
    """What stands where now: the copies that were drawn, or the one that was posted or found just now."""
    if notice.request is None:
        return ()
    id = notice.request
    view = await outside.store.read(lambda v: card_view(v, outside, id))
    if view is None:
        return ()
    message = card(view)
    copies = await outside.store.read(lambda v: v.copies(id))
    if copies:
        return await _update(outside, _stale(copies, message), message)
    return (await _post(outside, notice, view.request, message),)


async def _post(outside: Outside, notice: Notice, request: Request, message: Message) -> Copy:
    channel, mark = request.card_channel or request.channel, ""
    if notice.may_stand:
        found, mark = await find(outside, notice, channel)
        if found is not None:
            # What it shows is what was true then.
            return await _drawn(outside, Copy(ref=found), message)
    try:
        ref = await outside.chat.post(channel, message, mark=mark, key=notice.key)
    except NotReachableError as error:
        await _tell_requester(outside, request, error)
        raise CardNotPostedError(error.message, reason=error.reason) from error
    return Copy(ref=ref, shown=fingerprint(message, mark=mark), repeated=bool(mark))


async def _update(outside: Outside, stale: tuple[Copy, ...], message: Message) -> tuple[Copy, ...]:
    """Every copy; one that is gone (deleted by somebody) is passed over, and not drawn again for the same."""
    return tuple([await _drawn(outside, copy, message) for copy in stale])


async def _drawn(outside: Outside, copy: Copy, message: Message) -> Copy:
    mark = _mark(copy)
    try:
        await outside.chat.update(copy.ref, marked(message, mark) if mark else message)
    except NotReachableError as error:
        if error.reason not in GONE:
            return replace(copy, shown="")
    return replace(copy, shown=fingerprint(message, mark=mark))


async def _tell_requester(outside: Outside, request: Request, error: NotReachableError) -> None:
    """Once: by the response_url while it lives, else directly. Told is remembered by emptying the response_url."""
    current = await outside.store.read(lambda view: view.request(request.id))
    if current is None or current.response_url is None:
        return
    message = replies.cannot_post(request, current.channel, error.reason or error.message)
    if not await outside.chat.respond(current.response_url, message):
        await tell_directly(outside, request.requester.user, message)
    await outside.store.write(lambda tx: tx.save_request(replace(current, response_url=None)))
