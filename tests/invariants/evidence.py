"""What the invariants look at: what the store holds, what really happened in the cloud, what people received, and what they
were promised. Who collects it (the simulation, a journey over sockets, a soak) does not matter to them.

Times named `at` are seconds of the observer, who never jumps; the store's own times are the bot's, whose clock may.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.domain.model import (
    Action,
    Actor,
    AuditEvent,
    ClickKind,
    Decision,
    DueKind,
    ImageFacts,
    ImageId,
    InboxItem,
    Job,
    Lane,
    LaneId,
    Member,
    MessageRef,
    Person,
    ProjectId,
    Request,
    RequestId,
)
from bot.domain.notices import Bullets, Line, Message, Notice, Paragraph, Small
from bot.domain.policy import Policy


def lines_of(message: Message) -> Iterator[Line]:
    """Every line of its picture that is made of spans."""
    for part in message.parts:
        if isinstance(part, Bullets):
            yield from part.lines
        elif isinstance(part, Paragraph | Small):
            yield part.line


@dataclass(frozen=True)
class Violation:
    """A promise that was not kept."""

    promise: int
    """Its number in the design; 0: the bot itself said that this must not happen."""
    name: str
    """The function that found it."""
    what: str
    """What is wrong and where, in words."""

    def __str__(self) -> str:
        return f"promise {self.promise} ({self.name}): {self.what}"


@dataclass(frozen=True)
class DueRow:
    kind: DueKind
    subject: str
    at: datetime
    claim: str | None


@dataclass(frozen=True, kw_only=True)
class Stored:
    """All that the store holds at one moment."""

    requests: Sequence[Request] = ()
    lanes: Sequence[Lane] = ()
    members: Sequence[Member] = ()
    decisions: Sequence[Decision] = ()
    jobs: Sequence[Job] = ()
    inbox: Sequence[InboxItem] = ()
    notices: Sequence[Notice] = ()
    cards: Sequence[tuple[RequestId, MessageRef]] = ()
    events: Sequence[AuditEvent] = ()
    due: Sequence[DueRow] = ()

    def request(self, id: RequestId) -> Request:
        return next(request for request in self.requests if request.id == id)

    def lane(self, id: LaneId) -> Lane:
        return next(lane for lane in self.lanes if lane.id == id)

    def lanes_of(self, request: RequestId) -> list[Lane]:
        return [lane for lane in self.lanes if lane.request == request]

    def members_of(self, lane: LaneId) -> list[Member]:
        return [member for member in self.members if member.lane == lane]

    def decisions_of(self, lane: LaneId) -> list[Decision]:
        return [decision for decision in self.decisions if decision.lane == lane]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A batch call that reached the cloud."""

    at: float
    action: Action
    images: tuple[ImageId, ...]
    projects: tuple[ProjectId, ...]
    job_id: str = ""
    """Empty: it was not carried out."""

    @property
    def pairs(self) -> list[tuple[ImageId, ProjectId]]:
        return [(image, project) for image in self.images for project in self.projects]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A member list as the bot was shown it."""

    at: float
    image: ImageId
    members: Mapping[ProjectId, str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What really changed in the cloud: `status` None is a removal."""

    at: float
    image: ImageId
    project: ProjectId
    status: str | None
    by: str
    """A job's id; empty for people in the console."""


@dataclass(kw_only=True)
class Said:
    """A message that stood in Slack, from this moment on."""

    at: float
    method: str
    """post, update, whisper or respond."""
    channel: str = ""
    """Channel or, for post and whisper, the person; empty for respond."""
    user: str = ""
    """Who alone sees it; empty when everybody in the channel does."""
    thread: str | None = None
    message: Message
    mark: str = ""
    ref: MessageRef | None = None
    gone: bool = False
    """Whether somebody has deleted it."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command whose answer its person saw."""

    at: float
    person: Person
    text: str
    key: str
    answer: Message
    response_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A click that was acknowledged."""

    at: float
    person: Person
    click: ClickKind
    lane: str
    plan_hash: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Enforced:
    """From this moment on, this policy was in force."""

    at: float
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """From this moment on these people were in this Slack user group."""

    at: float
    usergroup: str
    users: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Pictured:
    """From this moment on the cloud said this of an image; None: there was no such image."""

    at: float
    image: ImageId
    facts: ImageFacts | None


class Evidence(Protocol):
    """Read only. What an observer cannot see is left empty, and promises that need it are not judged."""

    @property
    def stored(self) -> Stored: ...
    @property
    def calls(self) -> Sequence[Call]: ...
    @property
    def listings(self) -> Sequence[Listing]: ...
    @property
    def changes(self) -> Sequence[Change]: ...
    @property
    def said(self) -> Sequence[Said]: ...
    @property
    def interruptions(self) -> Sequence[float]:
        """When a process died, stopped, froze or could not store something; also when a sending to Slack was cut."""

    @property
    def typed(self) -> Sequence[Typed]: ...
    @property
    def pressed(self) -> Sequence[Pressed]: ...
    @property
    def policies(self) -> Sequence[Enforced]: ...
    @property
    def groups(self) -> Sequence[Grouped]: ...
    @property
    def images(self) -> Sequence[Pictured]: ...
    @property
    def event_at(self) -> Mapping[int, float]:
        """When each audit event was committed, by its id."""

    @property
    def secrets(self) -> Sequence[str]: ...
    @property
    def team(self) -> str:
        """The bot's own workspace."""

    @property
    def staleness(self) -> float:
        """Seconds for which what the bot looked up may have been old when it acted on it, at most."""

    @property
    def started_on(self) -> Sequence[tuple[int, Actor]]:
        """What the bot was told of a requester when it started a lane, by the id of that event; where it is known."""

    @property
    def lookup_age(self) -> float:
        """By how many seconds of `staleness` the policy is never old, which is read at the last moment."""


@dataclass(kw_only=True)
class Collected:
    """Evidence as an observer collects it."""

    stored: Stored = field(default_factory=Stored)
    calls: list[Call] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    interruptions: list[float] = field(default_factory=list)
    typed: list[Typed] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    policies: list[Enforced] = field(default_factory=list)
    groups: list[Grouped] = field(default_factory=list)
    images: list[Pictured] = field(default_factory=list)
    event_at: dict[int, float] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    team: str = "T0OWN"
    staleness: float = 90.0
    lookup_age: float = 0.0
    started_on: list[tuple[int, Actor]] = field(default_factory=list)
