"""The card of a request, drawn from the store at the moment of delivery: posted once, from then on updated in place."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.errors import NotReachableError
from bot.domain.model import MessageRef, Request
from bot.domain.notices import Message, Notice, NoticeState
from bot.domain.wording import replies
from bot.domain.wording.card import card
from bot.ports import Outside
from bot.usecases.answer_reads import card_view
from bot.usecases.speak import REPEATED, tell_directly


class CardNotPostedError(NotReachableError):
    """The card cannot be posted where it belongs; its requester has been told how to invite the bot."""


async def show_card(outside: Outside, notice: Notice) -> MessageRef | None:
    """Where the card stands when it was posted just now; None when every known copy was updated."""
    if notice.request is None:
        return None
    id = notice.request
    view = await outside.store.read(lambda v: card_view(v, outside, id))
    if view is None:
        return None
    message = card(view)
    known = await outside.store.read(lambda v: v.cards(id))
    if known:
        await _update(outside, known, message)
        return None
    request = view.request
    mark = REPEATED if notice.state is NoticeState.UNSURE else ""
    try:
        return await outside.chat.post(request.card_channel or request.channel, message, mark=mark)
    except NotReachableError as error:
        await _tell_requester(outside, request, error)
        raise CardNotPostedError(error.message, reason=error.reason) from error


async def _update(outside: Outside, known: tuple[MessageRef, ...], message: Message) -> None:
    """Every copy; one that is gone (deleted by somebody) is passed over."""
    for ref in known:
        try:
            await outside.chat.update(ref, message)
        except NotReachableError:
            continue


async def _tell_requester(outside: Outside, request: Request, error: NotReachableError) -> None:
    """Once: by the response_url while it lives, else directly. Told is remembered by emptying the response_url."""
    current = await outside.store.read(lambda view: view.request(request.id))
    if current is None or current.response_url is None:
        return
    message = replies.cannot_post(request, current.channel, error.reason or error.message)
    if not await outside.chat.respond(current.response_url, message):
        await tell_directly(outside, request.requester.user, message)
    await outside.store.write(lambda tx: tx.save_request(replace(current, response_url=None)))
