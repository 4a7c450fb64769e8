"""Notices other than cards: a reply under the card, a private answer, a direct message, a line in a channel."""

from __future__ import annotations

from bot.domain.errors import ChatCutError, NotReachableError
from bot.domain.model import MessageRef, RequestId
from bot.domain.notices import Message, Notice, NoticeKind, NoticeState
from bot.ports import Outside

REPEATED = "Slack's answer to the first sending of this message was lost; it may stand here twice."


class CutElsewhereError(ChatCutError):
    """It may stand where nobody will look for it: with the requester, while its place is under the card."""


async def speak(outside: Outside, notice: Notice) -> None:
    """Sent. Raises NotReachableError when there is no way left to reach anybody."""
    if notice.message is None:
        return
    match notice.kind:
        case NoticeKind.THREAD if notice.request is not None:
            await _reply(outside, notice, notice.request, notice.message)
        case NoticeKind.PRIVATE:
            await _privately(outside, notice, notice.message)
        case NoticeKind.DIRECT if notice.user is not None:
            await _once(outside, notice, notice.user)
        case NoticeKind.CHANNEL if notice.channel is not None:
            await _once(outside, notice, notice.channel)
        case _:
            raise NotReachableError(f"a notice of kind {notice.kind.value} with nobody to reach")


async def find(
    outside: Outside, notice: Notice, channel: str, thread: str | None = None
) -> tuple[MessageRef | None, str]:
    """Where the notice stands that was sent without an answer; or None and the mark it needs when it is sent again. Where the bot
    may look and sees nothing, it needs none, unless another process may be about to send it."""
    mark = REPEATED if notice.state is NoticeState.SENDING else ""
    try:
        return await outside.chat.find(channel, notice.key, since=notice.created_at, thread=thread), mark
    except NotReachableError:
        return None, REPEATED


async def _once(outside: Outside, notice: Notice, channel: str, thread: str | None = None) -> None:
    """Posted, unless it turns out that it stands there."""
    if notice.message is None:
        return
    found, mark = None, ""
    if notice.may_stand:
        found, mark = await find(outside, notice, channel, thread)
    if found is None:
        await outside.chat.post(channel, notice.message, thread=thread, mark=mark, key=notice.key)


async def _reply(outside: Outside, notice: Notice, id: RequestId, message: Message) -> None:
    """Under the card; where there is none, or its channel is closed to us, to the requester directly."""
    cards = await outside.store.read(lambda view: view.cards(id))
    if cards:
        try:
            await _once(outside, notice, cards[0].channel, cards[0].ts)
        except NotReachableError:
            pass
        else:
            return
    request = await outside.store.read(lambda view: view.request(id))
    if request is not None:
        mark = REPEATED if notice.may_stand else ""
        try:
            await outside.chat.post(request.requester.user, message, mark=mark, key=notice.key)
        except ChatCutError as error:
            raise CutElsewhereError(error.message) from error


async def _privately(outside: Outside, notice: Notice, message: Message) -> None:
    """By response_url while it lives, else as an ephemeral message, else directly."""
    young = outside.clock.now() - notice.created_at < outside.limits.response_url_life
    if notice.response_url and young and await outside.chat.respond(notice.response_url, message):
        return
    if notice.user is None:
        raise NotReachableError("nobody to tell")
    if notice.channel is not None:
        try:
            await outside.chat.whisper(notice.channel, notice.user, message)
        except NotReachableError:
            pass
        else:
            return
    await tell_directly(outside, notice.user, message)


async def tell_directly(outside: Outside, user: str, message: Message) -> None:
    """A direct message to one person."""
    await outside.chat.post(user, message)
