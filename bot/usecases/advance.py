"""Saving one step of a lane: state, audit event, notices and the work that follows, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.model import DueKind, Lane, LaneId, Member, Person, Request, RequestId
from bot.domain.notices import IN_DIGESTS, Message, NoticeDraft, NoticeKind, Topic
from bot.domain.states import FINAL_LANE_STATES, LaneState, RequestState
from bot.ports import Transaction, View

REPLAN_DELAY = timedelta(seconds=30)
"""How long a lane on hold waits before its facts are looked up again."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What is written in the audit log about a step."""

    kind: str
    at: datetime
    actor: Person | None = None
    data: Mapping[str, object] | None = None


def tell_thread(
    tx: Transaction, request: Request, message: Message, at: datetime, *, topic: Topic = Topic.TALK
) -> None:
    """A reply under the request's card; the end of a time-limited share speaks under the card of the share itself, and no digest
    says it, because a digest speaks of cards."""
    thread = request.parent if request.parent is not None else request.id
    in_digest = topic in IN_DIGESTS and request.parent is None
    channel = (request.card_channel or request.channel) if in_digest else None
    tx.add_notice(
        NoticeDraft(kind=NoticeKind.THREAD, request=thread, message=message, topic=topic, channel=channel), at
    )


def redraw(tx: Transaction, request: Request, at: datetime) -> None:
    """The card shall show the newest state. A taking back has no card of its own."""
    if request.parent is None:
        tx.add_notice(NoticeDraft(kind=NoticeKind.CARD, request=request.id, channel=request.card_channel), at)


def tell_person(
    tx: Transaction, person: Person, message: Message, at: datetime, *, channel: str, response_url: str | None
) -> None:
    """A private answer."""
    draft = NoticeDraft(
        kind=NoticeKind.PRIVATE, message=message, channel=channel, user=person.user, response_url=response_url
    )
    tx.add_notice(draft, at)


def schedule(tx: Transaction, lane: Lane, at: datetime) -> None:
    """The work that the lane's state calls for; a final one calls for none."""
    if lane.state in FINAL_LANE_STATES:
        tx.drop_work(DueKind.DEADLINE, lane.id)
        tx.drop_work(DueKind.REMIND, lane.id)
        return
    if lane.state is LaneState.APPROVED:
        tx.plan_work(DueKind.START, lane.id, at)
    if lane.state is LaneState.HOLDING:
        tx.plan_work(DueKind.PLAN, lane.id, at + REPLAN_DELAY)
    if lane.deadline is not None:
        tx.plan_work(DueKind.DEADLINE, lane.id, lane.deadline)
    if lane.reminders:
        tx.plan_work(DueKind.REMIND, lane.id, lane.reminders[0])


def outcomes(members: Sequence[Member]) -> list[list[str]]:
    """What became of each pair, for the audit log: image, project, outcome, and why."""
    return [[*m.pair, m.outcome.value, m.detail] for m in members]


def save_step(
    tx: Transaction, request: Request, lane: Lane, happened: Happened, *, members: Sequence[Member] = ()
) -> Lane:
    """The lane as stored, with its changed members, audit event, card notice and follow-up work; ends the request with its
    last lane."""
    saved = tx.save_lane(lane)
    if members:
        tx.save_members(members)
    tx.record(
        happened.kind, at=happened.at, actor=happened.actor, request=request.id, lane=lane.id,
        data={
            "state": lane.state.value,
            **({"members": outcomes(members)} if members else {}),
            **(happened.data or {}),
        },
    )  # fmt: skip
    redraw(tx, request, happened.at)
    schedule(tx, saved, happened.at)
    if saved.state in FINAL_LANE_STATES:
        end_if_over(tx, request.id, happened.at)
    return saved


def end_if_over(tx: Transaction, request: RequestId, at: datetime) -> None:
    """Ends the request when every lane of it is final."""
    stored = tx.request(request)
    if stored is None or stored.state is not RequestState.PLANNED:
        return
    if all(lane.state in FINAL_LANE_STATES for lane in tx.lanes(request)):
        tx.save_request(replace(stored, state=RequestState.ENDED, response_url=None))
        tx.record("request_ended", at=at, request=request)


def lane_and_request(view: View, id: str) -> tuple[Lane, Request] | None:
    """Both, or None when there is no such lane."""
    lane = view.lane(LaneId(id))
    if lane is None:
        return None
    request = view.request(lane.request)
    return None if request is None else (lane, request)
