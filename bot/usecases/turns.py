"""Whose turn it is to be sent: private answers and what waits for a decision before reports, reports before reminders, the older
before the younger. Nobody waits for ever: rank is age, with a head start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.notices import IN_DIGESTS, Notice, NoticeKind, Topic
from bot.domain.states import LaneState, RequestState
from bot.ports import Outside, View, Way

HEAD_STARTS = {
    Topic.TALK: timedelta(hours=1),
    Topic.REPORT: timedelta(minutes=30),
    Topic.REMINDER: timedelta(),
}
"""By how much more urgent ones are taken for older than they are."""
_DECIDED_BY_PEOPLE = (LaneState.AWAITING_APPROVAL, LaneState.HOLDING)


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What one notice needs a turn for."""

    way: Way
    channel: str
    """Where to: a channel, or a person."""
    ticket: int
    rank: float
    steady: bool = False

    def ask(self, outside: Outside) -> timedelta:
        """How long to wait before asking again; nothing when the turn has come."""
        wait = outside.turns.ask(
            self.way, self.channel, ticket=self.ticket, rank=self.rank, steady=self.steady
        )
        return timedelta(seconds=wait)


def errand(view: View, notice: Notice) -> Errand | None:
    """None for what is not limited in number: a private answer has an address of its own, or its own tier."""
    if notice.kind is NoticeKind.PRIVATE:
        return None
    if notice.kind is NoticeKind.CARD:
        return _of_a_card(view, notice)
    where = _where(view, notice)
    topic = Topic.REPORT if notice.is_digest else notice.topic
    steady = topic in IN_DIGESTS
    return None if where is None else Errand(
        way=Way.POST, channel=where, ticket=notice.id, rank=_rank(notice, topic), steady=steady
    )  # fmt: skip


def _where(view: View, notice: Notice) -> str | None:
    if notice.kind is not NoticeKind.THREAD or notice.request is None:
        return notice.user if notice.kind is NoticeKind.DIRECT else notice.channel
    cards = view.cards(notice.request)
    if cards:
        return cards[0].channel
    request = view.request(notice.request)
    return None if request is None else request.requester.user


def _of_a_card(view: View, notice: Notice) -> Errand | None:
    request = None if notice.request is None else view.request(notice.request)
    if request is None:
        return None
    cards = view.cards(request.id)
    waited_for = request.state is RequestState.PLANNING or any(
        lane.state in _DECIDED_BY_PEOPLE for lane in view.lanes(request.id)
    )
    topic = Topic.TALK if waited_for or not cards else Topic.REPORT
    if cards:
        return Errand(way=Way.UPDATE, channel=cards[0].channel, ticket=notice.id, rank=_rank(notice, topic))
    where = request.card_channel or request.channel
    return Errand(way=Way.POST, channel=where, ticket=notice.id, rank=_rank(notice, topic))


def _rank(notice: Notice, topic: Topic) -> float:
    return (notice.created_at - HEAD_STARTS[topic]).timestamp()
