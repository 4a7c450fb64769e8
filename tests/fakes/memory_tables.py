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
    RunningJob,
)
from bot.domain.notices import IN_DIGESTS, OVER, Copy, Notice, NoticeKind, NoticeState
from bot.domain.states import FINAL_REQUEST_STATES, JobState, MemberOutcome

_IN_FLIGHT = (JobState.QUEUED, JobState.SUBMITTING, JobState.RUNNING, JobState.VERIFYING, JobState.UNKNOWN)


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
    cards: dict[tuple[RequestId, MessageRef], Copy] = field(default_factory=dict)
    events: dict[int, AuditEvent] = field(default_factory=dict)
    due: dict[tuple[DueKind, str], DueRow] = field(default_factory=dict)
    durations: dict[str, Mapping[str, object]] = field(default_factory=dict)
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


def _waits_for_a_digest(notice: Notice, channel: str) -> bool:
    pending = notice.kind is NoticeKind.THREAD and notice.state is NoticeState.PENDING
    return (
        pending
        and notice.digest is None
        and notice.request is not None
        and notice.channel == channel
        and notice.topic in IN_DIGESTS
    )


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

    def jobs_to_ask(self, now: datetime, limit: int = 1000) -> tuple[RunningJob, ...]:
        due = sorted(
            (row.at, subject)
            for (kind, subject), row in self._t.due.items()
            if kind is DueKind.POLL and (row.until <= now if row.until else row.at <= now)
        )
        subjects = [subject for _, subject in due if subject.isdecimal()][: max(limit, 0)]
        found = (self._t.jobs.get(JobRowId(int(subject))) for subject in subjects)
        running = (
            RunningJob(id=job.id, action=job.action, submitted_at=job.submitted_at, polled_at=job.polled_at)
            for job in found
            if job is not None and job.state is JobState.RUNNING
        )
        return tuple(sorted(running, key=lambda job: job.id))

    def durations(self) -> Mapping[str, Mapping[str, object]]:
        return dict(self._t.durations)

    def inbox_item(self, id: InboxId) -> InboxItem | None:
        return self._t.inbox.get(id)

    def notice(self, id: int) -> Notice | None:
        return self._t.notices.get(id)

    def notice_before(self, id: int) -> Notice | None:
        this = self._t.notices.get(id)
        if this is None or this.request is None or this.kind not in (NoticeKind.CARD, NoticeKind.THREAD):
            return None
        waits_for = {this.kind}
        if this.kind is NoticeKind.THREAD and not self.cards(this.request):
            waits_for.add(NoticeKind.CARD)
        earlier = (n for n in self._of(this.request) if n.id < id and n.kind in waits_for)
        return next((n for n in earlier if n.state not in OVER), None)

    def notices_after(self, id: int) -> tuple[Notice, ...]:
        this = self._t.notices.get(id)
        if this is None or this.request is None:
            return ()
        later = [n for n in self._of(this.request) if n.id > id and n.state not in OVER]
        found = (
            next((n for n in later if n.kind is kind), None) for kind in (NoticeKind.THREAD, NoticeKind.CARD)
        )
        return tuple(notice for notice in found if notice is not None)

    def _of(self, request: RequestId) -> tuple[Notice, ...]:
        return tuple(n for n in self._t.notices.values() if n.request == request)

    def reports_waiting(self, channel: str, limit: int) -> tuple[Notice, ...]:
        wanted = (n for n in self._t.notices.values() if _waits_for_a_digest(n, channel))
        free = (n for n in wanted if self._may_be_said(n, channel))
        return tuple(free)[: max(limit, 0)]

    def _may_be_said(self, notice: Notice, channel: str) -> bool:
        assert notice.request is not None
        earlier = [
            n for n in self._of(notice.request)
            if n.id < notice.id and n.kind is NoticeKind.THREAD and n.state not in OVER
        ]  # fmt: skip
        stands = channel in {ref.channel for ref in self.cards(notice.request)}
        return stands and all(_waits_for_a_digest(n, channel) for n in earlier)

    def count_reports_waiting(self, channel: str) -> int:
        return sum(_waits_for_a_digest(n, channel) for n in self._t.notices.values())

    def digest_waiting(self, channel: str) -> Notice | None:
        pending = (n for n in self._t.notices.values() if n.is_digest and n.channel == channel)
        return next((n for n in pending if n.state is NoticeState.PENDING), None)

    def said_by(self, digest: int) -> tuple[Notice, ...]:
        return tuple(n for n in self._t.notices.values() if n.digest == digest and n.id != digest)

    def cards(self, request: RequestId) -> tuple[MessageRef, ...]:
        return tuple(ref for id, ref in self._t.cards if id == request)

    def copies(self, request: RequestId) -> tuple[Copy, ...]:
        return tuple(copy for (id, _), copy in self._t.cards.items() if id == request)

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

    def last_event(self, kind: str | None = None) -> AuditEvent | None:
        demand(kind in (None, "head_anchored", "audit_retained"), "events of this kind cannot be looked up")
        return next((e for e in reversed(self._t.events.values()) if kind in (None, e.kind)), None)

    def due_counts(self, now: datetime) -> Mapping[DueKind, int]:
        due = [kind for (kind, _), row in self._t.due.items() if row.at <= now]
        return {kind: due.count(kind) for kind in DueKind}

    def next_due(self, kinds: Sequence[DueKind] | None = None) -> datetime | None:
        wanted = tuple(DueKind) if kinds is None else kinds
        times = (row.until or row.at for (kind, _), row in self._t.due.items() if kind in wanted)
        return min(times, default=None)
