"""When more reports wait for a channel than it takes, one message says them all. A report joins a digest, the digest waits for its
turn like any other notice, is drawn from the store when that comes, and ends its reports together with itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.domain.model import DueKind, RequestId
from bot.domain.notices import (
    IN_DIGESTS,
    Message,
    Notice,
    NoticeDraft,
    NoticeKind,
    NoticeState,
    Topic,
)  # fmt: skip
from bot.domain.wording.digest import Entry, digest, entry, how_many_fit
from bot.ports import Outside, Transaction, View
from bot.usecases.answer_reads import card_view

_AT_ONCE = 1_000
"""Reports that one digest takes in; what does not fit into its message makes the next."""


def joins(view: View, outside: Outside, notice: Notice) -> bool:
    """Whether a digest says this one: more wait than its channel takes, or a digest waits there already."""
    if (
        notice.kind is not NoticeKind.THREAD
        or notice.state is not NoticeState.PENDING
        or notice.channel is None
    ):
        return False
    if notice.topic not in IN_DIGESTS or notice.request is None:
        return False
    if notice.channel not in {card.channel for card in view.cards(notice.request)[:1]}:
        return False
    waiting = view.digest_waiting(notice.channel) is not None
    return waiting or view.count_reports_waiting(notice.channel) > outside.limits.digest_above


def join(tx: Transaction, outside: Outside, notice: Notice) -> tuple[int, ...]:
    """All that wait for the channel of a notice that `joins`, put into the digest that waits there, or into a new one. Their ids;
    empty when it turned out that there is nothing to join."""
    if notice.channel is None:
        return ()
    reports = tx.reports_waiting(notice.channel, _AT_ONCE)
    there = tx.digest_waiting(notice.channel)
    if notice.id not in {one.id for one in reports} or (there is None and len(reports) < 2):
        return ()
    into = there or _new(tx, notice.channel, outside.clock.now())
    _put(tx, reports, into)
    return tuple(one.id for one in reports)


def _new(tx: Transaction, channel: str, at: datetime) -> Notice:
    draft = NoticeDraft(
        kind=NoticeKind.CHANNEL,
        channel=channel,
        topic=Topic.REPORT,
        message=Message("Results of several requests"),
    )
    made = tx.add_notice(draft, at)
    assert made is not None, "only a card is ever dropped"
    made = replace(made, digest=made.id)
    tx.save_notice(made)
    return made


def _put(tx: Transaction, reports: Iterable[Notice], into: Notice) -> None:
    for one in reports:
        tx.save_notice(replace(one, digest=into.id))
        tx.drop_work(DueKind.DELIVER, str(one.id))


def draw(tx: Transaction, outside: Outside, this: Notice) -> Notice:
    """The digest with what is true now, and with everything that waits by now. What does not fit goes into the next one. One that may
    stand already is said again in the same words: whoever finds it has found this one."""
    if this.may_stand:
        return this
    said = tx.said_by(this.id)
    if this.channel is not None:
        more = tx.reports_waiting(this.channel, _AT_ONCE)
        _put(tx, more, this)
        said = (*said, *more)
    requests = list(dict.fromkeys(one.request for one in said if one.request is not None))
    entries = [made for id in requests if (made := _entry(tx, outside, id)) is not None]
    kept = entries[: how_many_fit(entries, outside.limits.digest_most)]
    left = {one.id for one in entries[len(kept) :]}
    if left and this.channel is not None:
        _put(tx, [one for one in said if one.request in left], _new(tx, this.channel, outside.clock.now()))
    return replace(this, message=digest(kept))


def _entry(view: View, outside: Outside, id: RequestId) -> Entry | None:
    seen = card_view(view, outside, id)
    cards = view.cards(id)
    return None if seen is None else entry(seen, outside.chat.address(cards[0]) if cards else "")


def all_said(tx: Transaction, this: Notice, at: datetime) -> tuple[Notice, ...]:
    """What the digest says is delivered with it. Those notices."""
    said = tx.said_by(this.id)
    for one in said:
        tx.save_notice(replace(one, state=NoticeState.DELIVERED, delivered_at=at))
    requests = list(dict.fromkeys(one.request for one in said))
    tx.record(
        "digest_delivered",
        at=at,
        data={"notice": this.id, "says": [one.id for one in said], "requests": requests},
    )
    return said


def dissolve(tx: Transaction, this: Notice, at: datetime) -> None:
    """The channel is closed to the bot: each report goes its own way again, and into no digest."""
    for one in tx.said_by(this.id):
        tx.save_notice(replace(one, digest=None, channel=None))
        tx.plan_work(DueKind.DELIVER, str(one.id), at)
