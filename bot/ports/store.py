"""Durable memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from bot.domain.model import (
    AuditEvent,
    Decision,
    Due,
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
from bot.domain.notices import Copy, Notice, NoticeDraft

T = TypeVar("T")


class View(Protocol):
    """Reading. Everything read through one View is of one moment. A missing row is None."""

    def request(self, id: RequestId) -> Request | None: ...
    def request_by_key(self, dedupe_key: str) -> Request | None: ...
    def requests(
        self, which: Literal["mine", "open", "all"], person: Person | None = None, limit: int = 20
    ) -> tuple[Request, ...]:
        """Newest first. "mine" needs `person`; "open" means not in a final state."""

    def open_requests_of(self, person: Person) -> int: ...
    def lane(self, id: LaneId) -> Lane | None: ...
    def lanes(self, request: RequestId) -> tuple[Lane, ...]:
        """In order of number."""

    def members(self, lane: LaneId) -> tuple[Member, ...]:
        """In the order they were added."""

    def decisions(self, lane: LaneId) -> tuple[Decision, ...]:
        """Oldest first."""

    def job(self, id: JobRowId) -> Job | None: ...
    def jobs(self, lane: LaneId) -> tuple[Job, ...]: ...
    def jobs_in_flight(self) -> tuple[Job, ...]:
        """All jobs that are queued, submitting, running, verifying or unknown (neither done nor stuck), oldest first."""

    def jobs_to_ask(self, now: datetime, limit: int = 1000) -> tuple[RunningJob, ...]:
        """Running jobs whose POLL row could be claimed at `now`, in order of id; of more than `limit` those due longest."""

    def durations(self) -> Mapping[str, Mapping[str, object]]:
        """What was learned of how long jobs take, by kind; written by save_durations."""

    def inbox_item(self, id: InboxId) -> InboxItem | None: ...
    def notice(self, id: int) -> Notice | None: ...
    def notice_before(self, id: int) -> Notice | None:
        """The oldest undelivered notice that this one waits for; None when it is its turn. A reply waits for the earlier
        replies of its thread and, until the card stands, for the card; a card for earlier drawings of it."""

    def notices_after(self, id: int) -> tuple[Notice, ...]:
        """The oldest undelivered reply and the oldest undelivered drawing of the same request, of those that may have waited
        for this notice."""

    def reports_waiting(self, channel: str, limit: int) -> tuple[Notice, ...]:
        """Pending replies that a digest in this channel may say, in order of id; none that waits for a reply no digest says."""

    def count_reports_waiting(self, channel: str) -> int: ...
    def digest_waiting(self, channel: str) -> Notice | None:
        """The oldest pending digest for this channel."""

    def said_by(self, digest: int) -> tuple[Notice, ...]:
        """The notices that this digest says, itself not among them, in order of id."""

    def cards(self, request: RequestId) -> tuple[MessageRef, ...]:
        """Every place the request's card is known to stand; the first is the thread's root."""

    def copies(self, request: RequestId) -> tuple[Copy, ...]:
        """The same places, with what is drawn there."""

    def shared_members(self, image: ImageId, project: ProjectId) -> tuple[Member, ...]:
        """Members of share lanes with this pair whose outcome is done, newest first."""

    def taken_back(self, request: RequestId) -> Request | None:
        """The request whose parent this is, if any."""

    def events(
        self, after: int = 0, limit: int = 1000, request: RequestId | None = None
    ) -> tuple[AuditEvent, ...]:
        """In order of id, starting after the id `after`."""

    def last_event(self, kind: str | None = None) -> AuditEvent | None:
        """The newest; with `kind` the newest of this kind, which only the kinds of the log's own upkeep can be asked for:
        head_anchored, audit_retained."""

    def due_counts(self, now: datetime) -> Mapping[DueKind, int]:
        """How many rows of each kind are due at `now`, claimed or not; for /metrics."""

    def next_due(self, kinds: Sequence[DueKind] | None = None) -> datetime | None:
        """The earliest time at which some unclaimed row (of these kinds) becomes due, or a claim runs out."""


class Transaction(View, Protocol):
    """Writing. All of one transaction happens or nothing does."""

    def add_request(self, request: Request) -> Request:
        """The request with its id. `id` of the argument is ignored. When a request with the same dedupe_key exists, that
        one comes back unchanged and nothing is added (compare `created_at`/`text`, or ask request_by_key first)."""

    def save_request(self, request: Request) -> Request:
        """Saved, with version + 1. Raises StaleRowError when the stored version is not `request.version`."""

    def add_lane(self, lane: Lane, members: Sequence[Member]) -> None: ...
    def save_lane(self, lane: Lane) -> Lane:
        """As save_request."""

    def save_members(self, members: Sequence[Member]) -> None:
        """Outcome, detail, cloud_status, shared_until, job and facts, by lane and pair; a pair its lane does not have yet is
        added at the end."""

    def drop_members(self, lane: LaneId) -> None:
        """Forget a holding lane's members before it is planned again."""

    def add_decision(self, decision: Decision) -> bool:
        """False, and nothing is added, when this person already decided on this lane."""

    def add_job(self, job: Job) -> Job:
        """The job with its id. `id` of the argument is ignored."""

    def save_job(self, job: Job) -> Job:
        """As save_request."""

    def save_durations(self, kind: str, law: Mapping[str, object]) -> None:
        """In place of what was stored of this kind of job. JSON values only."""

    def add_to_inbox(self, item: InboxItem) -> tuple[InboxItem, bool]:
        """The item with its id, and True; or the one with the same dedupe_key, and False."""

    def finish_inbox(self, id: InboxId, at: datetime) -> None:
        """Handled: handled_at set, response_url emptied."""

    def add_notice(self, draft: NoticeDraft, at: datetime) -> Notice | None:
        """The notice with its id; due for delivery at `at`, unless it waits for another (`notice_before`). None for a card whose
        request has a pending card notice already (that one will draw the newest state)."""

    def save_notice(self, notice: Notice) -> None: ...
    def add_card(self, request: RequestId, ref: MessageRef) -> None:
        """Known to stand there; a second time is harmless."""

    def save_copy(self, request: RequestId, copy: Copy) -> None:
        """What is drawn there; harmless for a place that is not known."""

    def record(
        self, kind: str, *, at: datetime, actor: Person | None = None, request: RequestId | None = None,
        lane: LaneId | None = None, data: Mapping[str, object] | None = None,
    ) -> AuditEvent:  # fmt: skip
        """Appends to the hash chain (bot.domain.audit)."""

    def forget_events(self, before: int) -> int:
        """Removes every event with a smaller id; how many there were. Raises BugError, and nothing is removed, unless the
        newest audit_retained event seals exactly them: its data names `before` as `first_kept`."""

    def plan_work(self, kind: DueKind, subject: str, at: datetime) -> None:
        """Make this row due at `at`: added; or if it exists unclaimed, at the earlier of both times; or if it is claimed,
        due again at `at` after the claim is finished."""

    def drop_work(self, kind: DueKind, subject: str) -> None:
        """The row is gone, unless somebody has claimed it."""

    def claim_due(
        self, now: datetime, *, kinds: Sequence[DueKind], until: datetime, claim: str, limit: int,
        subjects: Sequence[str] | None = None,
    ) -> tuple[Due, ...]:  # fmt: skip
        """Up to `limit` due rows whose claim is free or run out, oldest first within the order of `kinds`, claimed. With
        `subjects` only theirs, in their order."""

    def finish(self, due: Due) -> None:
        """Done with it: the row is gone (or due again, see plan_work). Raises ClaimLostError if the claim is another's."""

    def postpone(self, due: Due, at: datetime, *, attempts: int | None = None) -> None:
        """Due again at `at`, claim freed. `attempts`: as how many it counts from now on; None: as many as they were. Raises
        ClaimLostError if the claim is another's."""


class Store(Protocol):
    """Durable memory. What `write` returned survives kill -9 and power loss."""

    async def write(self, step: Callable[[Transaction], T]) -> T:
        """What `step` returned, once its changes are durable. An exception of `step` undoes all it did and comes out here;
        other steps are not touched. `step` may run on another thread, must be quick, pure but for the transaction, and may be
        run only once. Raises StoreBusyError or StoreBrokenError when it could not be made durable; then nothing was."""

    async def read(self, query: Callable[[View], T]) -> T: ...
    async def close(self) -> None:
        """Finishes what was begun. Safe to call twice."""
