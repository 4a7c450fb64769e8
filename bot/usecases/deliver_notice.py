"""A stored notice reaches Slack: in order within a thread, at least once, when its turn has come, and never posted twice without
saying so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import ChatAuthError, ChatBusyError, ChatCutError, NotReachableError
from bot.domain.model import Due, DueKind, Request
from bot.domain.notices import OVER, Copy, Notice, NoticeKind, NoticeState
from bot.ports import Outside, Transaction, View
from bot.usecases import digest
from bot.usecases.show_card import CardNotPostedError, show_card, unchanged
from bot.usecases.speak import CutElsewhereError, speak
from bot.usecases.turns import Errand, errand

AFTER_CUT = timedelta(seconds=2)
INVITE_DELAY = timedelta(minutes=1)
"""How often a card that could not be posted is tried again: the bot may have been invited meanwhile."""
GIVE_UP = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is to be done with a notice, as the store has it now."""

    notice: Notice
    errand: Errand | None
    joins: bool
    unchanged: bool


async def deliver_notice(outside: Outside, due: Due) -> None:
    """Acts on a DELIVER row. Raises ChatAuthError with the notice back in the queue."""
    plan = await outside.store.read(lambda view: _plan(view, outside, int(due.subject)))
    idle = plan is None or plan.joins or plan.unchanged
    if idle and await _without_sending(outside, due):
        return
    if plan is not None and plan.errand is not None and (wait := plan.errand.ask(outside)):
        now = outside.clock.now()
        await outside.store.write(lambda tx: tx.postpone(due, now + wait, attempts=0))
        return
    notice = await outside.store.write(lambda tx: _begin(tx, outside, due))
    if notice is not None:
        await _deliver(outside, due, notice)


def _to_send(view: View, outside: Outside, id: int) -> Notice | None:
    """None when there is nothing to send, now or ever."""
    notice = view.notice(id)
    if notice is None or notice.state in OVER or (notice.digest is not None and not notice.is_digest):
        return None
    before = view.notice_before(id)
    if before is not None and not _may_overtake(view, outside, notice, before):
        return None
    return notice


def _plan(view: View, outside: Outside, id: int) -> _Plan | None:
    """None as for `_to_send`."""
    notice = _to_send(view, outside, id)
    if notice is None:
        return None
    return _Plan(
        notice=notice, errand=errand(view, notice), joins=digest.joins(view, outside, notice),
        unchanged=unchanged(view, outside, notice),
    )  # fmt: skip


async def _without_sending(outside: Outside, due: Due) -> bool:
    """Whether that is still so; the row is then done with."""

    def store(tx: Transaction) -> tuple[int, ...] | None:
        now_plan = _plan(tx, outside, int(due.subject))
        if now_plan is None:
            # What it waits for makes it due again.
            tx.finish(due)
            return ()
        if now_plan.unchanged:
            _end(
                tx,
                outside,
                replace(now_plan.notice, state=NoticeState.DELIVERED, delivered_at=outside.clock.now()),
            )
            tx.finish(due)
            return (now_plan.notice.id,)
        joined = digest.join(tx, outside, now_plan.notice) if now_plan.joins else ()
        if joined:
            tx.finish(due)
        return joined or None

    tickets = await outside.store.write(store)
    for ticket in tickets or ():
        outside.turns.leave(ticket)
    return tickets is not None


def _begin(tx: Transaction, outside: Outside, due: Due) -> Notice | None:
    """The notice as it was before, now marked as being sent; None when there is nothing to send any more. One that is `sending`
    was left by somebody who died over it, or who only sleeps and will send it yet."""
    notice = _to_send(tx, outside, int(due.subject))
    if notice is None:
        tx.finish(due)
        return None
    redrawn = notice.kind is NoticeKind.CARD and notice.request is not None and bool(tx.cards(notice.request))
    if notice.state is NoticeState.SENDING and redrawn:
        notice = replace(notice, state=NoticeState.PENDING)  # to draw a card once more is harmless
    if notice.is_digest:
        notice = digest.draw(tx, outside, notice)
    if notice.state is not NoticeState.SENDING or notice.is_digest:
        # A change from here on orders a card of its own: this one is drawn from what is stored now.
        tx.save_notice(replace(notice, state=NoticeState.SENDING))
    return notice


def _may_overtake(view: View, outside: Outside, notice: Notice, before: Notice) -> bool:
    """What happened must be said even while the card cannot be posted: then it goes to the requester directly."""
    blocked = before.kind is NoticeKind.CARD and before.request is not None and not view.cards(before.request)
    return (
        blocked
        and notice.kind is NoticeKind.THREAD
        and outside.clock.now() - before.created_at > INVITE_DELAY
    )


async def _deliver(outside: Outside, due: Due, notice: Notice) -> None:
    try:
        copies = await _send(outside, notice)
    except ChatBusyError as error:
        wait = timedelta(seconds=error.retry_after or 1.0)
        await _again(outside, due, notice, wait)
    except ChatCutError as error:
        # Whoever looks for it later must not take "it is not here" for "it was not sent" where that does not follow.
        anywhere = notice.state is NoticeState.SENDING or isinstance(error, CutElsewhereError)
        cut = NoticeState.SENDING if anywhere else NoticeState.UNSURE
        await _again(outside, due, replace(notice, state=cut), AFTER_CUT)
    except ChatAuthError:
        # It was surely not sent: when it is, it needs no mark that it may be a repetition.
        await outside.store.write(lambda tx: tx.save_notice(notice))
        raise
    except CardNotPostedError:
        await _unreachable(outside, due, notice, INVITE_DELAY)
    except NotReachableError as error:
        await _give_up(outside, due, notice, error.reason or error.message)
    else:
        await outside.store.write(lambda tx: _delivered(tx, outside, due, notice, copies))


async def _send(outside: Outside, notice: Notice) -> tuple[Copy, ...]:
    """What now stands where, for a card; nothing for everything else."""
    if notice.kind is NoticeKind.CARD:
        return await show_card(outside, notice)
    await speak(outside, notice)
    return ()


async def _again(outside: Outside, due: Due, notice: Notice, wait: timedelta) -> None:
    def store(tx: Transaction) -> None:
        tx.save_notice(notice)
        tx.postpone(due, outside.clock.now() + wait)

    await outside.store.write(store)


async def _unreachable(outside: Outside, due: Due, notice: Notice, wait: timedelta) -> None:
    now = outside.clock.now()
    if now - notice.created_at > GIVE_UP:
        await _give_up(outside, due, notice, "the bot was not invited within a day")
        return

    def store(tx: Transaction) -> None:
        tx.save_notice(notice)
        tx.postpone(due, now + wait)
        for waiting in tx.notices_after(notice.id):
            if waiting.kind is NoticeKind.THREAD:
                overtakes = notice.created_at + INVITE_DELAY + timedelta(seconds=1)
                tx.plan_work(DueKind.DELIVER, str(waiting.id), max(now, overtakes))

    await outside.store.write(store)


async def _give_up(outside: Outside, due: Due, notice: Notice, why: str) -> None:
    """It can never be delivered; the audit log keeps that."""
    now = outside.clock.now()

    def store(tx: Transaction) -> None:
        if notice.is_digest:
            digest.dissolve(tx, notice, now)
        _end(tx, outside, replace(notice, state=NoticeState.GIVEN_UP, response_url=None))
        tx.record("notice_given_up", at=now, request=notice.request, data={"notice": notice.id, "why": why})
        tx.finish(due)

    await outside.store.write(store)


def _delivered(tx: Transaction, outside: Outside, due: Due, notice: Notice, copies: tuple[Copy, ...]) -> None:
    now = outside.clock.now()
    if notice.request is not None and copies:
        _keep(tx, tx.request(notice.request), copies)
    said = digest.all_said(tx, notice, now) if notice.is_digest else ()
    _end(tx, outside, replace(notice, state=NoticeState.DELIVERED, delivered_at=now, response_url=None))
    for one in said:
        _make_due(tx, one.id, now)
    tx.finish(due)


def _keep(tx: Transaction, request: Request | None, copies: tuple[Copy, ...]) -> None:
    if request is None:
        return
    for copy in copies:
        tx.add_card(request.id, copy.ref)
        tx.save_copy(request.id, copy)
    if request.response_url is not None:
        tx.save_request(replace(request, response_url=None))


def _end(tx: Transaction, outside: Outside, notice: Notice) -> None:
    """The notice is over, and those that waited for it are due."""
    tx.save_notice(notice)
    _make_due(tx, notice.id, outside.clock.now())


def _make_due(tx: Transaction, id: int, at: datetime) -> None:
    for waiting in tx.notices_after(id):
        if waiting.digest is None and tx.notice_before(waiting.id) is None:
            tx.plan_work(DueKind.DELIVER, str(waiting.id), at)
