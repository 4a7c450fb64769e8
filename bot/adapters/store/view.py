"""Reading: bot.ports.View over one connection. Whoever made it has begun the transaction that makes it one
moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar

from bot.adapters.store import rows
from bot.adapters.store.codec import micros, moment
from bot.adapters.store.schema import IN_FLIGHT, OPEN_REQUEST_STATES, UNDELIVERED, words
from bot.adapters.store.statements import Statements
from bot.adapters.store.table import Table
from bot.domain.errors import BugError
from bot.domain.model import (
    AuditEvent,
    Decision,
    DueKind,
    ImageId,
    InboxId,
    InboxItem,
    Job,
    JobRowId,
    Lane,
    LaneId,
    Member,
    MessageRef,
    Person,
    ProjectId,
    Request,
    RequestId,
    RunningJob,
)
from bot.domain.notices import IN_DIGESTS, Copy, Notice

X = TypeVar("X")

_NEWEST = "ORDER BY id DESC LIMIT ?"
_OPEN = f"state IN {words(OPEN_REQUEST_STATES)}"
_BY_PERSON = "requester_team = ? AND requester_user = ?"
_COUNT_OPEN = " ".join(("SELECT count(*) FROM requests WHERE", _OPEN, "AND", _BY_PERSON))
_SHARED = """
JOIN lanes ON lanes.id = members.lane JOIN requests ON requests.id = lanes.request
WHERE members.image = ? AND members.project = ? AND members.outcome = 'done' AND requests.action = 'share'
ORDER BY members.id DESC
"""
_IN_FLIGHT = f"WHERE state IN {words(IN_FLIGHT)} ORDER BY id"
_TO_ASK = """
SELECT id, action, submitted_at, polled_at FROM jobs WHERE state = 'running' AND id IN (
  SELECT CAST(subject AS INTEGER) FROM (
    SELECT subject FROM due WHERE claim IS NULL AND kind = 'poll' AND at <= ?1 ORDER BY at, id LIMIT ?2)
  UNION ALL
  SELECT CAST(subject AS INTEGER) FROM due
  WHERE claim IS NOT NULL AND claimed_until <= ?1 AND kind = 'poll'
) ORDER BY id
"""
_UNDELIVERED = f"state IN {words(UNDELIVERED)}"
_BEFORE = " ".join(
    (
        "JOIN notices AS this ON this.id = ?1",
        f"WHERE notices.request = this.request AND notices.id < ?1 AND notices.{_UNDELIVERED} AND (",
        "(this.kind IN ('card', 'thread') AND notices.kind = this.kind)",
        "OR (this.kind = 'thread' AND notices.kind = 'card'",
        "AND NOT EXISTS (SELECT 1 FROM cards WHERE cards.request = this.request)))",
        "ORDER BY notices.id LIMIT 1",
    )
)
_AFTER = " ".join(
    (
        "WHERE request = (SELECT request FROM notices WHERE id = ?1) AND id > ?1 AND kind = ?2",
        f"AND {_UNDELIVERED} ORDER BY id LIMIT 1",
    )
)
_FOR_DIGESTS = f"digest IS NULL AND channel = ?1 AND topic IN {words(IN_DIGESTS)}"
_WAITING = f"kind = 'thread' AND state = 'pending' AND {_FOR_DIGESTS}"
_REPORTS = " ".join(
    (
        f"WHERE {_WAITING}",
        "AND EXISTS (SELECT 1 FROM cards WHERE cards.request = notices.request AND cards.channel = ?1)",
        "AND NOT EXISTS (SELECT 1 FROM notices AS earlier WHERE earlier.request = notices.request",
        f"AND earlier.id < notices.id AND earlier.kind = 'thread' AND earlier.{_UNDELIVERED}",
        "AND NOT (earlier.state = 'pending' AND earlier.digest IS NULL AND earlier.channel IS ?1",
        f"AND earlier.topic IN {words(IN_DIGESTS)})) ORDER BY id LIMIT ?2",
    )
)
_DIGEST = "WHERE digest = id AND state = 'pending' AND channel = ? ORDER BY id LIMIT 1"
_COUNT_REPORTS = " ".join(("SELECT count(*) FROM notices WHERE", _WAITING))
_COUNT_FREE = "SELECT count(*) FROM due WHERE claim IS NULL AND kind = ? AND at <= ?"
_COUNT_CLAIMED = """
SELECT count(*) FROM due WHERE claim IS NOT NULL AND kind = ? AND claimed_until >= ? AND at <= ?
"""
_NEXT_FREE = "SELECT min(at) FROM due WHERE claim IS NULL AND kind = ?"
_NEXT_CLAIMED = "SELECT min(claimed_until) FROM due WHERE claim IS NOT NULL AND kind = ?"
UPKEEP = ("head_anchored", "audit_retained")
"""Kinds of events that have an index of their own."""
_OF_UPKEEP = f"WHERE kind = ? AND kind IN {UPKEEP} ORDER BY id DESC LIMIT 1"
_BEGINNING = -(2**63)
"""Before every time: makes the condition an index search and leaves nothing out."""


@cache
def _select(table: Table[Any], rest: str) -> str:
    return table.select(rest)


class SqliteView:
    def __init__(self, statements: Statements) -> None:
        self._sql = statements

    def _one(self, table: Table[X], rest: str, *parameters: Any) -> X | None:
        row = self._sql.row(_select(table, rest), parameters)
        return None if row is None else table.value_of(row)

    def _all(self, table: Table[X], rest: str, *parameters: Any) -> tuple[X, ...]:
        return tuple(table.value_of(row) for row in self._sql.rows(_select(table, rest), parameters))

    def _value(self, query: str, *parameters: Any) -> Any:
        row: Sequence[Any] | None = self._sql.row(query, parameters)
        return None if row is None else row[0]

    # -- requests, lanes, members, decisions -----------------------------------------------------------------

    def request(self, id: RequestId) -> Request | None:
        return self._one(rows.REQUESTS, "WHERE id = ?", id)

    def request_by_key(self, dedupe_key: str) -> Request | None:
        return self._one(rows.REQUESTS, "WHERE dedupe_key = ?", dedupe_key)

    def requests(
        self, which: Literal["mine", "open", "all"], person: Person | None = None, limit: int = 20
    ) -> tuple[Request, ...]:
        """Newest first. Raises BugError for "mine" without a person."""
        most = max(limit, 0)
        if which == "all":
            return self._all(rows.REQUESTS, _NEWEST, most)
        if which == "open":
            return self._all(rows.REQUESTS, f"WHERE {_OPEN} {_NEWEST}", most)
        if person is None:
            raise BugError("whose requests? a person is needed")
        return self._all(rows.REQUESTS, f"WHERE {_BY_PERSON} {_NEWEST}", person.team, person.user, most)

    def open_requests_of(self, person: Person) -> int:
        return int(self._value(_COUNT_OPEN, person.team, person.user) or 0)

    def lane(self, id: LaneId) -> Lane | None:
        return self._one(rows.LANES, "WHERE id = ?", id)

    def lanes(self, request: RequestId) -> tuple[Lane, ...]:
        return self._all(rows.LANES, "WHERE request = ? ORDER BY number", request)

    def members(self, lane: LaneId) -> tuple[Member, ...]:
        return self._all(rows.MEMBERS, "WHERE lane = ? ORDER BY id", lane)

    def decisions(self, lane: LaneId) -> tuple[Decision, ...]:
        return self._all(rows.DECISIONS, "WHERE lane = ? ORDER BY at, id", lane)

    def shared_members(self, image: ImageId, project: ProjectId) -> tuple[Member, ...]:
        return self._all(rows.MEMBERS, _SHARED, image, project)

    def taken_back(self, request: RequestId) -> Request | None:
        return self._one(rows.REQUESTS, "WHERE parent = ? ORDER BY id LIMIT 1", request)

    # -- jobs, inbox, notices, cards -------------------------------------------------------------------------

    def job(self, id: JobRowId) -> Job | None:
        return self._one(rows.JOBS, "WHERE id = ?", id)

    def jobs(self, lane: LaneId) -> tuple[Job, ...]:
        return self._all(rows.JOBS, "WHERE lane = ? ORDER BY id", lane)

    def jobs_in_flight(self) -> tuple[Job, ...]:
        return self._all(rows.JOBS, _IN_FLIGHT)

    def jobs_to_ask(self, now: datetime, limit: int = 1000) -> tuple[RunningJob, ...]:
        return tuple(rows.running_of(row) for row in self._sql.rows(_TO_ASK, (micros(now), max(limit, 0))))

    def durations(self) -> Mapping[str, Mapping[str, object]]:
        return dict(self._all(rows.DURATIONS, ""))

    def inbox_item(self, id: InboxId) -> InboxItem | None:
        return self._one(rows.INBOX, "WHERE id = ?", id)

    def notice(self, id: int) -> Notice | None:
        return self._one(rows.NOTICES, "WHERE id = ?", id)

    def notice_before(self, id: int) -> Notice | None:
        return self._one(rows.NOTICES, _BEFORE, id)

    def notices_after(self, id: int) -> tuple[Notice, ...]:
        found = (self._one(rows.NOTICES, _AFTER, id, kind) for kind in ("thread", "card"))
        return tuple(notice for notice in found if notice is not None)

    def reports_waiting(self, channel: str, limit: int) -> tuple[Notice, ...]:
        return self._all(rows.NOTICES, _REPORTS, channel, max(limit, 0))

    def count_reports_waiting(self, channel: str) -> int:
        return int(self._value(_COUNT_REPORTS, channel) or 0)

    def digest_waiting(self, channel: str) -> Notice | None:
        return self._one(rows.NOTICES, _DIGEST, channel)

    def said_by(self, digest: int) -> tuple[Notice, ...]:
        return self._all(rows.NOTICES, "WHERE digest = ?1 AND id != ?1 ORDER BY id", digest)

    def cards(self, request: RequestId) -> tuple[MessageRef, ...]:
        return tuple(copy.ref for copy in self.copies(request))

    def copies(self, request: RequestId) -> tuple[Copy, ...]:
        return tuple(copy for _, copy in self._all(rows.CARDS, "WHERE request = ? ORDER BY id", request))

    # -- audit log -------------------------------------------------------------------------------------------

    def events(
        self, after: int = 0, limit: int = 1000, request: RequestId | None = None
    ) -> tuple[AuditEvent, ...]:
        most = max(limit, 0)
        if request is None:
            return self._all(rows.EVENTS, "WHERE id > ? ORDER BY id LIMIT ?", after, most)
        return self._all(
            rows.EVENTS, "WHERE request = ? AND id > ? ORDER BY id LIMIT ?", request, after, most
        )

    def last_event(self, kind: str | None = None) -> AuditEvent | None:
        if kind is None:
            return self._one(rows.EVENTS, "WHERE id = (SELECT max(id) FROM events)")
        if kind not in UPKEEP:
            raise BugError(f"events of kind {kind} cannot be looked up")
        return self._one(rows.EVENTS, _OF_UPKEEP, kind)

    # -- due rows --------------------------------------------------------------------------------------------

    def due_counts(self, now: datetime) -> Mapping[DueKind, int]:
        """Every kind has a number, zero included."""
        at = micros(now)
        return {
            kind: self._value(_COUNT_FREE, kind.value, at)
            + self._value(_COUNT_CLAIMED, kind.value, _BEGINNING, at)
            for kind in DueKind
        }

    def next_due(self, kinds: Sequence[DueKind] | None = None) -> datetime | None:
        """Without `kinds`: of any kind."""
        wanted = [kind.value for kind in (DueKind if kinds is None else kinds)]
        times = [self._value(_NEXT_FREE, kind) for kind in wanted]
        times += [self._value(_NEXT_CLAIMED, kind) for kind in wanted]
        return min((moment(at) for at in times if at is not None), default=None)
