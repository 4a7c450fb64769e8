"""Writing: bot.ports.Transaction over the writer's connection, inside a transaction the writer has begun.

The statements an acknowledgement waits for (add_request, record, plan_work, add_to_inbox) are raw SQL, each
prepared once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot.adapters.store import rows
from bot.adapters.store.agenda import Agenda
from bot.adapters.store.codec import micros
from bot.adapters.store.statements import Statements
from bot.adapters.store.table import Table
from bot.domain import audit
from bot.domain.errors import BugError, StaleRowError
from bot.domain.model import (
    AuditEvent,
    Decision,
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

X = TypeVar("X")

_ADD_REQUEST = f"{rows.REQUESTS.insert} ON CONFLICT (dedupe_key) DO NOTHING"
_ADD_INBOX = f"{rows.INBOX.insert} ON CONFLICT (dedupe_key) DO NOTHING"
_ADD_DECISION = f"{rows.DECISIONS.insert} ON CONFLICT (lane, team, user) DO NOTHING"
_ADD_CARD = f"{rows.CARDS.insert} ON CONFLICT (request, channel, ts) DO NOTHING"
_NEW_MEMBER = ", ".join(f"{column} = excluded.{column}" for column in rows.MEMBERS.columns[3:])
_SAVE_MEMBER = f"{rows.MEMBERS.insert} ON CONFLICT (lane, image, project) DO UPDATE SET {_NEW_MEMBER}"  # nosec B608 # our columns
_SAVE_DURATIONS = f"{rows.DURATIONS.insert} ON CONFLICT (kind) DO UPDATE SET law = excluded.law"  # nosec B608 # our columns
_SAVE_NOTICE = f"{rows.NOTICES.update} WHERE id = ?"
_HANDLED = "UPDATE inbox SET handled_at = ?, response_url = NULL WHERE id = ?"
_SAVE_COPY = "UPDATE cards SET shown = ?, repeated = ? WHERE request = ? AND channel = ? AND ts = ?"
_OTHER_CARD = "SELECT id FROM notices WHERE request = ? AND kind = 'card' AND state = 'pending' AND id != ?"

Head = tuple[int, str]
"""Id and hash of the last audit event."""


class SqliteTransaction(Agenda):
    def __init__(self, statements: Statements) -> None:
        super().__init__(statements)
        self.head: Head | None = None
        """Kept so that `record` asks nothing; None: not known. The writer puts it back when it undoes a
        step."""

    # -- requests, lanes, members, decisions -----------------------------------------------------------------

    def add_request(self, request: Request) -> Request:
        cursor = self._sql.run(_ADD_REQUEST, rows.REQUESTS.row_of(request))
        if cursor.rowcount:
            return replace(request, id=RequestId(_surely(cursor.lastrowid)))
        return _surely(self.request_by_key(request.dedupe_key))

    def save_request(self, request: Request) -> Request:
        return self._save(rows.REQUESTS, replace(request, version=request.version + 1))

    def add_lane(self, lane: Lane, members: Sequence[Member]) -> None:
        self._sql.insert(rows.LANES.name, [rows.LANES.record(lane)])
        if any(member.lane != lane.id for member in members):
            raise BugError(f"a member of another lane cannot be added with lane {lane.id}")
        if members:
            self._sql.insert(rows.MEMBERS.name, [rows.MEMBERS.record(member) for member in members])

    def save_lane(self, lane: Lane) -> Lane:
        return self._save(rows.LANES, replace(lane, version=lane.version + 1))

    def save_members(self, members: Sequence[Member]) -> None:
        """One statement, whether a pair is there already or is added."""
        if members:
            self._sql.run_many(_SAVE_MEMBER, [rows.MEMBERS.row_of(member) for member in members])

    def drop_members(self, lane: LaneId) -> None:
        self._sql.run("DELETE FROM members WHERE lane = ?", (lane,))

    def add_decision(self, decision: Decision) -> bool:
        return self._sql.run(_ADD_DECISION, rows.DECISIONS.row_of(decision)).rowcount > 0

    # -- jobs, inbox -----------------------------------------------------------------------------------------

    def add_job(self, job: Job) -> Job:
        cursor = self._sql.run(rows.JOBS.insert, rows.JOBS.row_of(job))
        return replace(job, id=JobRowId(_surely(cursor.lastrowid)))

    def save_job(self, job: Job) -> Job:
        return self._save(rows.JOBS, replace(job, version=job.version + 1))

    def save_durations(self, kind: str, law: Mapping[str, object]) -> None:
        self._sql.run(_SAVE_DURATIONS, rows.DURATIONS.row_of((kind, law)))

    def add_to_inbox(self, item: InboxItem) -> tuple[InboxItem, bool]:
        cursor = self._sql.run(_ADD_INBOX, rows.INBOX.row_of(item))
        if cursor.rowcount:
            return replace(item, id=InboxId(_surely(cursor.lastrowid))), True
        return _surely(self._one(rows.INBOX, "WHERE dedupe_key = ?", item.dedupe_key)), False

    def finish_inbox(self, id: InboxId, at: datetime) -> None:
        """Raises StaleRowError when there is no such item."""
        if not self._sql.run(_HANDLED, (micros(at), id)).rowcount:
            raise StaleRowError(f"there is no inbox item {id}")

    # -- notices, cards --------------------------------------------------------------------------------------

    def add_notice(self, draft: NoticeDraft, at: datetime) -> Notice | None:
        if draft.kind is NoticeKind.CARD and self._sql.row(_OTHER_CARD, (draft.request, 0)):
            return None
        notice = Notice(
            id=0, kind=draft.kind, request=draft.request, created_at=at, message=draft.message,
            channel=draft.channel, user=draft.user, response_url=draft.response_url, topic=draft.topic,
        )  # fmt: skip
        cursor = self._sql.run(rows.NOTICES.insert, rows.NOTICES.row_of(notice))
        notice = replace(notice, id=_surely(cursor.lastrowid))
        if self.notice_before(notice.id) is None:
            self.plan_work(DueKind.DELIVER, str(notice.id), at)
        return notice

    def save_notice(self, notice: Notice) -> None:
        """A card that is pending again swallows a newer pending one of its request: it will draw the newest
        state.

        Raises StaleRowError when there is no such notice.
        """
        if notice.kind is NoticeKind.CARD and notice.state is NoticeState.PENDING:
            for (other,) in self._sql.rows(_OTHER_CARD, (notice.request, notice.id)):
                self._sql.run("DELETE FROM notices WHERE id = ?", (other,))
                self.drop_work(DueKind.DELIVER, str(other))
        saved = self._sql.run(_SAVE_NOTICE, (*rows.NOTICES.row_of(notice), notice.id))
        if not saved.rowcount:
            raise StaleRowError(f"there is no notice {notice.id}")

    def add_card(self, request: RequestId, ref: MessageRef) -> None:
        self._sql.run(_ADD_CARD, rows.CARDS.row_of((request, Copy(ref=ref))))

    def save_copy(self, request: RequestId, copy: Copy) -> None:
        shown = (copy.shown, int(copy.repeated), request, copy.ref.channel, copy.ref.ts)
        self._sql.run(_SAVE_COPY, shown)

    # -- audit log -------------------------------------------------------------------------------------------

    def record(
        self, kind: str, *, at: datetime, actor: Person | None = None, request: RequestId | None = None,
        lane: LaneId | None = None, data: Mapping[str, object] | None = None,
    ) -> AuditEvent:  # fmt: skip
        if self.head is None:
            last = self.last_event()
            self.head = (0, audit.GENESIS) if last is None else (last.id, last.hash)
        before, previous = self.head
        event = audit.chain(
            previous,
            id=before + 1,
            at=at,
            kind=kind,
            actor=actor,
            request=request,
            lane=lane,
            data=data or {},
        )
        self._sql.run(rows.EVENTS.insert, rows.EVENTS.row_of(event))
        self.head = event.id, event.hash
        return event

    def forget_events(self, before: int) -> int:
        """The triggers of version 2 let nothing else through than the sealed beginning."""
        seal = self.last_event(audit.RETAINED)
        if seal is None or seal.data.get("first_kept") != before:
            raise BugError(f"no seal allows that the events before {before} are removed")
        return self._sql.run("DELETE FROM events WHERE id < ?", (before,)).rowcount

    def _save(self, table: Table[X], value: X) -> X:
        """Saved when the stored version is the one before the value's. Raises StaleRowError."""
        new: Any = value
        key = (new.id, new.version - 1)
        saved = self._sql.run(f"{table.update} WHERE id = ? AND version = ?", (*table.row_of(value), *key))
        if not saved.rowcount:
            raise StaleRowError(f"{table.name} {new.id} is not of version {new.version - 1} any more")
        return value


def _surely(found: X | None) -> X:
    """For what the database always has: the id of an inserted row, the row that stood in the way."""
    if found is None:
        raise BugError("a row that is surely there is not")
    return found
