"""The agreed time of a share is over: a request of the bot's own takes it back, under the approvals the share had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.model import (
    Action,
    Due,
    DueKind,
    Lane,
    LaneId,
    Member,
    Outcome,
    Request,
    RequestId,
    Verdict,
)  # fmt: skip
from bot.domain.plan import plan_hash, unread
from bot.domain.states import LaneState, MemberOutcome, RequestState
from bot.domain.wording import thread
from bot.ports import Outside, Transaction
from bot.usecases.advance import lane_and_request, schedule, tell_thread

AGREED_END = Verdict(
    outcome=Outcome.ALLOW,
    rules=("agreed-end",),
    why="The share was asked, judged and approved for a time that is over now.",
)


async def take_back(outside: Outside, due: Due) -> None:
    """Acts on a TAKE_BACK row. Pairs that a later request shares for longer are kept."""

    def store(tx: Transaction) -> None:
        now = outside.clock.now()
        tx.finish(due)
        found = lane_and_request(tx, due.subject)
        if found is None:
            return
        lane, request = found
        over, later = _over(tx.members(lane.id), now)
        for until in sorted({m.shared_until for m in over if m.shared_until is not None}):
            _end(tx, request, lane, [m for m in over if m.shared_until == until], now)
        if later is not None:
            tx.plan_work(DueKind.TAKE_BACK, lane.id, later)

    await outside.store.write(store)


def _over(members: Sequence[Member], now: datetime) -> tuple[list[Member], datetime | None]:
    """The shared members whose time is over, and when the next one's will be."""
    timed = [m for m in members if m.outcome is MemberOutcome.DONE and m.shared_until is not None]
    over = [m for m in timed if m.shared_until is not None and m.shared_until <= now]
    return over, min((m.shared_until for m in timed if m.shared_until and m.shared_until > now), default=None)


def _end(tx: Transaction, request: Request, lane: Lane, members: Sequence[Member], now: datetime) -> None:
    """Members whose time ended at the same moment, once: the moment is in the dedupe key."""
    key = f"agreed-end:{lane.id}:{members[0].shared_until}"
    if tx.request_by_key(key) is not None:
        return
    kept = [m for m in members if _shared_for_longer(tx, m, now)]
    gone = [m for m in members if m not in kept]
    if kept:
        tell_thread(tx, request, thread.kept_by_another(kept, now), now)
    if gone:
        _ask(tx, request, lane, gone, (key, now))


def _shared_for_longer(tx: Transaction, member: Member, now: datetime) -> bool:
    others = tx.shared_members(*member.pair)
    return any(o.lane != member.lane and (o.shared_until is None or o.shared_until > now) for o in others)


def _ask(
    tx: Transaction, request: Request, lane: Lane, members: Sequence[Member], at: tuple[str, datetime]
) -> None:
    """The bot's own request, approved by the approvals of the share it ends."""
    key, now = at
    images = tuple(dict.fromkeys(m.image.id for m in members))
    projects = tuple(dict.fromkeys(m.project.id for m in members))
    asked = tx.add_request(
        replace(
            request, id=RequestId(0), action=Action.UNSHARE, text="", image_refs=images, project_refs=projects,
            duration=None, state=RequestState.PLANNED, created_at=now, dedupe_key=key,
            response_url=None, parent=request.id, version=0,
        )
    )  # fmt: skip
    pairs = [(m.image, m.project) for m in members]
    new = Lane(
        id=LaneId(f"{asked.id}.1"), request=asked.id, number=1, state=LaneState.APPROVED, verdict=AGREED_END,
        plan_hash=plan_hash(asked, pairs), created_at=now,
    )  # fmt: skip
    tx.add_lane(new, [Member(lane=new.id, image=unread(image), project=project) for image, project in pairs])
    data = {
        "share": lane.id,
        "state": new.state.value,
        "plan_hash": new.plan_hash,
        "pairs": [list(m.pair) for m in members],
    }
    tx.record("agreed_end_reached", at=now, request=asked.id, lane=new.id, data=data)
    schedule(tx, new, now)
