"""A stored notice reaches Slack: in order within a thread, at least once, and never posted twice without saying so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.errors import ChatBusyError, ChatCutError, NotReachableError
from bot.domain.model import Due, MessageRef
from bot.domain.notices import Notice, NoticeKind, NoticeState
from bot.ports import Outside, Transaction
from bot.usecases.show_card import CardNotPostedError, show_card
from bot.usecases.speak import speak

TURN_DELAY = timedelta(milliseconds=200)
"""How soon a notice looks again whether the one before it in its thread has been delivered."""
AFTER_CUT = timedelta(seconds=2)
INVITE_DELAY = timedelta(minutes=1)
"""How often a card that could not be posted is tried again: the bot may have been invited meanwhile."""
GIVE_UP = timedelta(hours=24)


async def deliver_notice(outside: Outside, due: Due) -> None:
    """Acts on a DELIVER row. Raises ChatAuthError with the notice back in the queue."""
    notice = await outside.store.write(lambda tx: _begin(tx, outside, due))
    if notice is None:
        return
    try:
        ref = await _send(outside, notice)
    except ChatBusyError as error:
        wait = timedelta(seconds=error.retry_after or 1.0)
        await _again(outside, due, replace(notice, state=_unsent(notice)), wait)
    except ChatCutError:
        await _again(outside, due, replace(notice, state=NoticeState.UNSURE), AFTER_CUT)
    except CardNotPostedError:
        await _unreachable(outside, due, replace(notice, state=_unsent(notice)), INVITE_DELAY)
    except NotReachableError as error:
        await _give_up(outside, due, notice, error.reason or error.message)
    else:
        await outside.store.write(lambda tx: _delivered(tx, outside, due, notice, ref))


def _begin(tx: Transaction, outside: Outside, due: Due) -> Notice | None:
    """The notice, marked as being sent; None when it is not (or no longer) its turn."""
    notice = tx.notice(int(due.subject))
    if notice is None or notice.state in (NoticeState.DELIVERED, NoticeState.GIVEN_UP):
        tx.finish(due)
        return None
    before = tx.notice_before(notice.id)
    if before is not None and not _may_overtake(tx, outside, notice, before):
        tx.postpone(due, outside.clock.now() + TURN_DELAY, forget_attempts=True)
        return None
    redrawn = notice.kind is NoticeKind.CARD and notice.request is not None and bool(tx.cards(notice.request))
    if notice.state is NoticeState.SENDING and not redrawn:
        # The last sender died on the way: the message may stand there.
        return replace(notice, state=NoticeState.UNSURE)
    if notice.state is NoticeState.PENDING:
        # A change from here on orders a card of its own: this one is drawn from what is stored now.
        tx.save_notice(replace(notice, state=NoticeState.SENDING))
    return notice


def _may_overtake(tx: Transaction, outside: Outside, notice: Notice, before: Notice) -> bool:
    """What happened must be said even while the card cannot be posted: then it goes to the requester directly."""
    blocked = before.kind is NoticeKind.CARD and before.request is not None and not tx.cards(before.request)
    return (
        blocked
        and notice.kind is NoticeKind.THREAD
        and outside.clock.now() - before.created_at > INVITE_DELAY
    )


def _unsent(notice: Notice) -> NoticeState:
    return NoticeState.UNSURE if notice.state is NoticeState.UNSURE else NoticeState.PENDING


async def _send(outside: Outside, notice: Notice) -> MessageRef | None:
    """Where a new card now stands, None for everything else."""
    if notice.kind is NoticeKind.CARD:
        return await show_card(outside, notice)
    await speak(outside, notice)
    return None


async def _again(outside: Outside, due: Due, notice: Notice, wait: timedelta) -> None:
    def store(tx: Transaction) -> None:
        tx.save_notice(notice)
        tx.postpone(due, outside.clock.now() + wait)

    await outside.store.write(store)


async def _unreachable(outside: Outside, due: Due, notice: Notice, wait: timedelta) -> None:
    if outside.clock.now() - notice.created_at > GIVE_UP:
        await _give_up(outside, due, notice, "the bot was not invited within a day")
    else:
        await _again(outside, due, notice, wait)


async def _give_up(outside: Outside, due: Due, notice: Notice, why: str) -> None:
    """It can never be delivered; the audit log keeps that."""
    now = outside.clock.now()

    def store(tx: Transaction) -> None:
        tx.save_notice(replace(notice, state=NoticeState.GIVEN_UP, response_url=None))
        tx.record("notice_given_up", at=now, request=notice.request, data={"notice": notice.id, "why": why})
        tx.finish(due)

    await outside.store.write(store)


def _delivered(tx: Transaction, outside: Outside, due: Due, notice: Notice, ref: MessageRef | None) -> None:
    now = outside.clock.now()
    if ref is not None and notice.request is not None:
        tx.add_card(notice.request, ref)
        request = tx.request(notice.request)
        if request is not None and request.response_url is not None:
            tx.save_request(replace(request, response_url=None))
    tx.save_notice(replace(notice, state=NoticeState.DELIVERED, delivered_at=now, response_url=None))
    tx.finish(due)
