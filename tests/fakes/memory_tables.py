"""The tables of the store in dictionaries, and bot.ports.View over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.domain.errors import BugError
from bot.domain.model import (
    Action,
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
)
from bot.domain.notices import Notice, NoticeState
from bot.domain.states import FINAL_REQUEST_STATES, JobState, MemberOutcome

_IN_FLIGHT = (JobState.QUEUED, JobState.SUBMITTING, JobState.RUNNING, JobState.VERIFYING, JobState.UNKNOWN)
_OVER = (NoticeState.DELIVERED, NoticeState.GIVEN_UP)


@dataclass(frozen=True, kw_only=True)
class DueRow:
    at: datetime
    claim: str | None = None
    until: datetime | None = None
    attempts: int = 0
    again: datetime | None = None


@dataclass
class Tables:
    requests: dict[RequestId, Request] = field(default_factory=dict)
    lanes: dict[LaneId, Lane] = field(default_factory=dict)
    members: dict[tuple[LaneId, ImageId, ProjectId], Member] = field(default_factory=dict)
    decisions: dict[tuple[LaneId, Person], Decision] = field(default_factory=dict)
    jobs: dict[JobRowId, Job] = field(default_factory=dict)
    inbox: dict[InboxId, InboxItem] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    cards: dict[tuple[RequestId, MessageRef], None] = field(default_factory=dict)
    events: dict[int, AuditEvent] = field(default_factory=dict)
    due: dict[tuple[DueKind, str], DueRow] = field(default_factory=dict)
    last_notice: int = 0

    def copy(self) -> Tables:
        given: dict[str, Any] = {
            name: value.copy() if isinstance(value, dict) else value for name, value in vars(self).items()
        }
        return Tables(**given)


def storable(row: Any) -> None:
    """What the real store would refuse: a time without a zone."""
    for value in vars(row).values():
        demand(
            not isinstance(value, datetime) or value.tzinfo is not None,
            "a time without a zone cannot be stored",
        )


def demand(holds: bool, what: str) -> None:
    if not holds:
        raise BugError(what)


class MemoryView:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def request(self, id: RequestId) -> Request | None:
        return self._t.requests.get(id)

    def request_by_key(self, dedupe_key: str) -> Request | None:
        return next((r for r in self._t.requests.values() if r.dedupe_key == dedupe_key), None)

    def requests(
        self, which: Literal["mine", "open", "all"], person: Person | None = None, limit: int = 20
    ) -> tuple[Request, ...]:
        demand(which != "mine" or person is not None, "whose requests? a person is needed")
        wanted = (
            request
            for request in reversed(self._t.requests.values())
            if which == "all"
            or (which == "open" and request.state not in FINAL_REQUEST_STATES)
            or (which == "mine" and request.requester == person)
        )
        return tuple(wanted)[: max(limit, 0)]

    def open_requests_of(self, person: Person) -> int:
        return sum(
            r.requester == person for r in self._t.requests.values() if r.state not in FINAL_REQUEST_STATES
        )

    def lane(self, id: LaneId) -> Lane | None:
        return self._t.lanes.get(id)

    def lanes(self, request: RequestId) -> tuple[Lane, ...]:
        return tuple(
            sorted((x for x in self._t.lanes.values() if x.request == request), key=lambda x: x.number)
        )

    def members(self, lane: LaneId) -> tuple[Member, ...]:
        return tuple(member for member in self._t.members.values() if member.lane == lane)

    def decisions(self, lane: LaneId) -> tuple[Decision, ...]:
        return tuple(sorted((d for d in self._t.decisions.values() if d.lane == lane), key=lambda d: d.at))

    def job(self, id: JobRowId) -> Job | None:
        return self._t.jobs.get(id)

    def jobs(self, lane: LaneId) -> tuple[Job, ...]:
        return tuple(job for job in self._t.jobs.values() if job.lane == lane)

    def jobs_in_flight(self) -> tuple[Job, ...]:
        return tuple(job for job in self._t.jobs.values() if job.state in _IN_FLIGHT)

    def inbox_item(self, id: InboxId) -> InboxItem | None:
        return self._t.inbox.get(id)

    def notice(self, id: int) -> Notice | None:
        return self._t.notices.get(id)

    def notice_before(self, id: int) -> Notice | None:
        this = self._t.notices.get(id)
        if this is None or this.request is None:
            return None
        earlier = (n for n in self._t.notices.values() if n.request == this.request and n.id < id)
        return next((n for n in earlier if n.state not in _OVER), None)

    def cards(self, request: RequestId) -> tuple[MessageRef, ...]:
        return tuple(ref for id, ref in self._t.cards if id == request)

    def shared_members(self, image: ImageId, project: ProjectId) -> tuple[Member, ...]:
        done = (m for m in reversed(self._t.members.values()) if m.outcome is MemberOutcome.DONE)
        of_pair = (m for m in done if m.pair == (image, project))
        return tuple(m for m in of_pair if self._request_of(m.lane).action is Action.SHARE)

    def _request_of(self, lane: LaneId) -> Request:
        return self._t.requests[self._t.lanes[lane].request]

    def taken_back(self, request: RequestId) -> Request | None:
        return next((r for r in self._t.requests.values() if r.parent == request), None)

    def events(
        self, after: int = 0, limit: int = 1000, request: RequestId | None = None
    ) -> tuple[AuditEvent, ...]:
        wanted = (e for e in self._t.events.values() if e.id > after and request in (None, e.request))
        return tuple(wanted)[: max(limit, 0)]

    def last_event(self) -> AuditEvent | None:
        return next(reversed(self._t.events.values()), None)

    def due_counts(self, now: datetime) -> Mapping[DueKind, int]:
        due = [kind for (kind, _), row in self._t.due.items() if row.at <= now]
        return {kind: due.count(kind) for kind in DueKind}

    def next_due(self, kinds: Sequence[DueKind] | None = None) -> datetime | None:
        wanted = tuple(DueKind) if kinds is None else kinds
        times = (row.until or row.at for (kind, _), row in self._t.due.items() if kind in wanted)
        return min(times, default=None)
