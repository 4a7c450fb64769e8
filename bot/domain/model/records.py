"""Requests, lanes, members, decisions and jobs, as the store keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.model.ids import Action, GroupName, ImageId, JobRowId, LaneId, ProjectId, RequestId
from bot.domain.model.people import Person
from bot.domain.model.things import ImageFacts, ProjectFacts
from bot.domain.model.verdicts import Verdict
from bot.domain.states import JobState, LaneState, MemberOutcome, RequestState


@dataclass(frozen=True, kw_only=True)
class MessageRef:
    """Where a message stands in Slack."""

    channel: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked, with its reason."""

    id: RequestId
    action: Action
    requester: Person
    channel: str
    """Where it was typed."""
    text: str
    """The command as typed, after the command word."""
    image_refs: tuple[str, ...]
    project_refs: tuple[str, ...]
    reason: str
    duration: timedelta | None
    state: RequestState
    created_at: datetime
    dedupe_key: str
    response_url: str | None = field(default=None, repr=False)
    """Bearer secret for private answers; None once it is used up or 30 minutes old."""
    card_channel: str | None = None
    """Where its card stands or is to stand; None until planned."""
    refusal: str = ""
    """Why it was refused, in words."""
    parent: RequestId | None = None
    """The request whose end of sharing this one carries out, if any."""
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Lane:
    """The members of a request that need the same approvals; what one approves, runs and reports."""

    id: LaneId
    request: RequestId
    number: int
    state: LaneState
    verdict: Verdict
    plan_hash: str
    """Binds approvals to exactly this content; also in the buttons."""
    created_at: datetime
    deadline: datetime | None = None
    """When an undecided or holding lane expires; compared at the click."""
    reminders: tuple[datetime, ...] = ()
    """When to remind, soonest first; those already sent are gone."""
    note: str = ""
    """The last thing to be said of it in words: who rejected and why, why it is stuck, what the cloud said."""
    ended_at: datetime | None = None
    """Set exactly when the state is final."""
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Member:
    """One (image, project) pair of a request, with the facts it was judged by and its own outcome."""

    lane: LaneId
    image: ImageFacts
    project: ProjectFacts
    outcome: MemberOutcome = MemberOutcome.PENDING
    detail: str = ""
    """Why it failed or did not run, in words."""
    cloud_status: str = ""
    """After read-back: pending (the receiver has not accepted yet), accepted, rejected; empty when not listed."""
    shared_until: datetime | None = None
    """When the bot takes the share back; None for ever."""
    job: JobRowId | None = None

    @property
    def pair(self) -> tuple[ImageId, ProjectId]:
        return self.image.id, self.project.id


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One approver's answer to one lane."""

    lane: LaneId
    person: Person
    approve: bool
    plan_hash: str
    at: datetime
    reason: str = ""
    groups: frozenset[GroupName] = frozenset()
    """The policy's groups they were in at the click."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One batch call to the cloud and what became of it: a full rectangle of images x projects."""

    id: JobRowId
    lane: LaneId
    action: Action
    images: tuple[ImageId, ...]
    projects: tuple[ProjectId, ...]
    state: JobState
    created_at: datetime
    cloud_job: str | None = None
    """The cloud's job id."""
    submitted_at: datetime | None = None
    """When the (last) call was sent."""
    polled_at: datetime | None = None
    verdict: str = ""
    """What the cloud said at the end, in its own words: SUCCESS, FAIL, a refusal with its code."""
    said_ok: bool | None = None
    """Whether that was good news. Never an outcome by itself: the member list is."""
    submits: int = 0
    """How many times it was sent."""
    reads: int = 0
    """How many times the member list was read in the present state."""
    cloud_request_id: str = ""
    version: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningJob:
    """As much of a job that the cloud works on as tells when to ask about it; of thousands, nothing else is read."""

    id: JobRowId
    action: Action
    submitted_at: datetime | None
    polled_at: datetime | None
