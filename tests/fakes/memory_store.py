"""bot.ports.Store in dictionaries. A step works on a copy that takes their place when it ends well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast

from bot.domain import audit
from bot.domain.errors import ClaimLostError, StaleRowError, StoreBrokenError
from bot.domain.model import (
    AuditEvent,
    Decision,
    Due,
    DueKind,
    InboxId,
    InboxItem,
    Job,
    JobRowId,
    Lane,
    LaneId,
    Member,
    MessageRef,
    Person,
    Request,
    RequestId,
)
from bot.domain.notices import Copy, Notice, NoticeDraft, NoticeKind, NoticeState
from bot.domain.states import FINAL_LANE_STATES
from bot.ports import Transaction, View
from tests.fakes.memory_tables import DueRow, MemoryView, Tables, demand, storable

T = TypeVar("T")
Versioned = TypeVar("Versioned", Request, Lane, Job)


class MemoryTransaction(MemoryView):
    def add_request(self, request: Request) -> Request:
        there = self.request_by_key(request.dedupe_key)
        if there is not None:
            return there
        storable(request)
        demand(request.parent is None or request.parent in self._t.requests, "the parent is not there")
        new = replace(request, id=RequestId(len(self._t.requests) + 1))
        self._t.requests[new.id] = new
        return new

    def save_request(self, request: Request) -> Request:
        return self._save(self._t.requests, request)

    def _save(self, table: dict[Any, Versioned], row: Versioned) -> Versioned:
        there = table.get(row.id)
        if there is None or there.version != row.version:
            raise StaleRowError
        storable(row)
        table[row.id] = replace(row, version=row.version + 1)
        return table[row.id]

    def add_lane(self, lane: Lane, members: Sequence[Member]) -> None:
        taken = lane.id in self._t.lanes or lane.number in {x.number for x in self.lanes(lane.request)}
        demand(not taken, f"lane {lane.id} is there already")
        demand(lane.request in self._t.requests, "the lane's request is not there")
        demand(all(member.lane == lane.id for member in members), "a member of another lane")
        demand(len({member.pair for member in members}) == len(members), "a pair twice")
        self._check_end(lane)
        self._t.lanes[lane.id] = lane
        self.save_members(members)

    def save_lane(self, lane: Lane) -> Lane:
        self._check_end(lane)
        return self._save(self._t.lanes, lane)

    def _check_end(self, lane: Lane) -> None:
        storable(lane)
        demand(
            (lane.ended_at is not None) == (lane.state in FINAL_LANE_STATES),
            "ended_at does not fit the state",
        )

    def save_members(self, members: Sequence[Member]) -> None:
        for member in members:
            storable(member)
            demand(member.lane in self._t.lanes, "the member's lane is not there")
            demand(member.job is None or member.job in self._t.jobs, "the member's job is not there")
            self._t.members[(member.lane, *member.pair)] = member

    def drop_members(self, lane: LaneId) -> None:
        for member in self.members(lane):
            del self._t.members[(lane, *member.pair)]

    def add_decision(self, decision: Decision) -> bool:
        storable(decision)
        demand(decision.lane in self._t.lanes, "the decision's lane is not there")
        key = decision.lane, decision.person
        return self._t.decisions.setdefault(key, decision) is decision

    def add_job(self, job: Job) -> Job:
        storable(job)
        demand(job.lane in self._t.lanes, "the job's lane is not there")
        new = replace(job, id=JobRowId(len(self._t.jobs) + 1))
        self._t.jobs[new.id] = new
        return new

    def save_job(self, job: Job) -> Job:
        return self._save(self._t.jobs, job)

    def save_durations(self, kind: str, law: Mapping[str, object]) -> None:
        self._t.durations[kind] = dict(law)

    def add_to_inbox(self, item: InboxItem) -> tuple[InboxItem, bool]:
        there = next((x for x in self._t.inbox.values() if x.dedupe_key == item.dedupe_key), None)
        if there is not None:
            return there, False
        storable(item)
        new = replace(item, id=InboxId(len(self._t.inbox) + 1))
        self._t.inbox[new.id] = new
        return new, True

    def finish_inbox(self, id: InboxId, at: datetime) -> None:
        item = self._t.inbox.get(id)
        if item is None:
            raise StaleRowError
        self._t.inbox[id] = replace(item, handled_at=at, response_url=None)

    def _pending_card(self, request: RequestId | None, other_than: int) -> Notice | None:
        cards = (n for n in self._t.notices.values() if n.kind is NoticeKind.CARD and n.request == request)
        return next((n for n in cards if n.state is NoticeState.PENDING and n.id != other_than), None)

    def add_notice(self, draft: NoticeDraft, at: datetime) -> Notice | None:
        if draft.kind is NoticeKind.CARD and self._pending_card(draft.request, 0) is not None:
            return None
        self._t.last_notice += 1
        notice = Notice(id=self._t.last_notice, created_at=at, **vars(draft))
        self._check_notice(notice)
        self._t.notices[notice.id] = notice
        if self.notice_before(notice.id) is None:
            self.plan_work(DueKind.DELIVER, str(notice.id), at)
        return notice

    def _check_notice(self, notice: Notice) -> None:
        storable(notice)
        is_card = notice.kind is NoticeKind.CARD
        demand(is_card == (notice.message is None), "a card has no message, all else has one")
        demand(not is_card or notice.request is not None, "a card is of a request")
        demand(
            notice.request is None or notice.request in self._t.requests, "the notice's request is not there"
        )

    def save_notice(self, notice: Notice) -> None:
        if notice.id not in self._t.notices:
            raise StaleRowError
        self._check_notice(notice)
        if notice.kind is NoticeKind.CARD and notice.state is NoticeState.PENDING:
            other = self._pending_card(notice.request, notice.id)
            if other is not None:
                del self._t.notices[other.id]
                self.drop_work(DueKind.DELIVER, str(other.id))
        self._t.notices[notice.id] = notice

    def add_card(self, request: RequestId, ref: MessageRef) -> None:
        demand(request in self._t.requests, "the card's request is not there")
        self._t.cards.setdefault((request, ref), Copy(ref=ref))

    def save_copy(self, request: RequestId, copy: Copy) -> None:
        if (request, copy.ref) in self._t.cards:
            self._t.cards[request, copy.ref] = copy

    def record(
        self, kind: str, *, at: datetime, actor: Person | None = None, request: RequestId | None = None,
        lane: LaneId | None = None, data: Mapping[str, object] | None = None,
    ) -> AuditEvent:  # fmt: skip
        last = self.last_event()
        id, previous = (1, audit.GENESIS) if last is None else (last.id + 1, last.hash)
        event = audit.chain(
            previous, id=id, at=at, kind=kind, actor=actor, request=request, lane=lane, data=data or {}
        )
        if kind == audit.RETAINED:
            kept = self._t.events.get(cast(int, event.data.get("first_kept")))
            fits = kept is not None and kept.previous == event.data.get("previous")
            demand(fits, "this seal does not fit the log")
        self._t.events[id] = event
        return event

    def forget_events(self, before: int) -> int:
        seal = self.last_event(audit.RETAINED)
        sealed = seal is not None and seal.data.get("first_kept") == before
        demand(sealed, "no seal allows that")
        gone = [id for id in self._t.events if id < before]
        for id in gone:
            del self._t.events[id]
        return len(gone)

    def plan_work(self, kind: DueKind, subject: str, at: datetime) -> None:
        row = self._t.due.get((kind, subject))
        if row is None:
            row = DueRow(at=at)
        elif row.claim is None:
            row = replace(row, at=min(row.at, at))
        else:
            row = replace(row, again=min(row.again or at, at))
        storable(row)
        self._t.due[kind, subject] = row

    def drop_work(self, kind: DueKind, subject: str) -> None:
        row = self._t.due.get((kind, subject))
        if row is not None and row.claim is None:
            del self._t.due[kind, subject]

    def claim_due(
        self, now: datetime, *, kinds: Sequence[DueKind], until: datetime, claim: str, limit: int,
        subjects: Sequence[str] | None = None,
    ) -> tuple[Due, ...]:  # fmt: skip
        taken: list[Due] = []
        for wanted in dict.fromkeys(kinds):
            ready = [
                (key, row)
                for key, row in self._t.due.items()
                if key[0] is wanted and (row.until <= now if row.until else row.at <= now)
            ]
            ready.sort(key=lambda item: item[1].at)
            if subjects is not None:
                places = {subject: n for n, subject in reversed(tuple(enumerate(subjects)))}
                ready = [item for item in ready if item[0][1] in places]
                ready.sort(key=lambda item: places[item[0][1]])
            for (kind, subject), row in ready[: max(limit - len(taken), 0)]:
                attempts = row.attempts + 1
                self._t.due[kind, subject] = replace(row, claim=claim, until=until, attempts=attempts)
                taken.append(Due(kind=kind, subject=subject, at=row.at, claim=claim, attempts=attempts))
        return tuple(taken)

    def _mine(self, due: Due) -> DueRow:
        row = self._t.due.get((due.kind, due.subject))
        if row is None or (row.claim, row.attempts) != (due.claim, due.attempts):
            raise ClaimLostError
        return row

    def finish(self, due: Due) -> None:
        row = self._mine(due)
        del self._t.due[due.kind, due.subject]
        if row.again is not None:
            self._t.due[due.kind, due.subject] = DueRow(at=row.again)

    def postpone(self, due: Due, at: datetime, *, attempts: int | None = None) -> None:
        row = self._mine(due)
        counted = row.attempts if attempts is None else attempts
        self._t.due[due.kind, due.subject] = DueRow(at=min(at, row.again or at), attempts=counted)


class MemoryStore:
    """Steps run one after another on the caller's loop; every call yields to it once, as a store would."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._closed = False

    async def write(self, step: Callable[[Transaction], T]) -> T:
        await self._turn()
        tables = self._tables.copy()
        result = step(MemoryTransaction(tables))
        self._tables = tables
        return result

    async def read(self, query: Callable[[View], T]) -> T:
        await self._turn()
        return query(MemoryView(self._tables))

    async def _turn(self) -> None:
        if self._closed:
            raise StoreBrokenError("The store is closed.")
        await asyncio.sleep(0)

    async def close(self) -> None:
        self._closed = True
