"""What the bot says, as values: a Message is built by `wording`, kept by the store, and drawn by the Slack adapter.

Foreign text (typed by people, named by the cloud) only ever travels in `Text`, which the adapter shows literally: it can
neither mention anybody nor change the look of a card.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.domain.model import ClickKind, LaneId, MessageRef, RequestId


@dataclass(frozen=True)
class Text:
    """Literal text."""

    text: str
    style: Literal["plain", "bold", "italic", "code", "strike"] = "plain"
    type: Literal["text"] = "text"


@dataclass(frozen=True)
class Who:
    """A person, by Slack user id: drawn as a mention, which notifies them."""

    user: str
    type: Literal["who"] = "who"


@dataclass(frozen=True)
class Group:
    """A group of the policy. With `usergroup` it is drawn as a mention of the Slack group; without, as bold text."""

    name: str
    usergroup: str | None = None
    type: Literal["group"] = "group"


@dataclass(frozen=True)
class Moment:
    """A point in time, drawn in each reader's own time zone."""

    at: datetime
    type: Literal["moment"] = "moment"


@dataclass(frozen=True)
class Link:
    """A number that leads to a card. Without an address it is drawn as bold text; `url` is never foreign."""

    label: str
    url: str = ""
    type: Literal["link"] = "link"


Span = Text | Who | Group | Moment | Link
Line = tuple[Span, ...]


@dataclass(frozen=True)
class Heading:
    text: str
    type: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Paragraph:
    line: Line
    type: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Bullets:
    lines: tuple[Line, ...]
    type: Literal["bullets"] = "bullets"


@dataclass(frozen=True)
class Small:
    """A remark in small grey type."""

    line: Line
    type: Literal["small"] = "small"


@dataclass(frozen=True)
class Divider:
    type: Literal["divider"] = "divider"


@dataclass(frozen=True)
class Choice:
    """One button."""

    click: ClickKind
    label: str
    look: Literal["plain", "primary", "danger"] = "plain"
    confirm: str = ""
    """Plain text of the "are you sure" dialog; empty for none."""


@dataclass(frozen=True)
class Buttons:
    """The buttons of one lane. They carry the lane's id and plan hash, nothing else."""

    lane: LaneId
    plan_hash: str
    choices: tuple[Choice, ...]
    type: Literal["buttons"] = "buttons"


Part = Heading | Paragraph | Bullets | Small | Divider | Buttons


@dataclass(frozen=True)
class Message:
    """`text` alone suffices to decide by ear (screen readers and notifications read only it); `parts` are the picture."""

    text: str
    parts: tuple[Part, ...] = field(default=())
    lead: str = ""
    """Slack user id of the person the text speaks of; drawn as their name before `text`. Empty for none."""


class NoticeKind(StrEnum):
    CARD = "card"
    """Bring the request's card up to date in every place it stands; drawn from the store at delivery, newest state wins."""
    THREAD = "thread"
    """A reply under the card."""
    PRIVATE = "private"
    """To one person: by response_url while it lives, else as an ephemeral message in the channel, else as a direct message."""
    DIRECT = "direct"
    """A direct message."""
    CHANNEL = "channel"
    """A message of its own in a channel (the ops channel)."""


class NoticeState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    """Being sent; if this state outlives its claim, whether it stands in Slack is unknown."""
    UNSURE = "unsure"
    """Sent with no answer; sent again only with a mark that it may be a repetition."""
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    """Cannot be delivered (channel gone); said in the log and in the audit log."""


class Topic(StrEnum):
    """What a reply under a card is about: who waits for it, and whether a digest may say it in its stead."""

    TALK = "talk"
    """Somebody did something, and others wait to hear of it. Never part of a digest."""
    REPORT = "report"
    """How a lane ended."""
    REMINDER = "reminder"
    """Somebody is still waited for."""


IN_DIGESTS = (Topic.REPORT, Topic.REMINDER)
OVER = (NoticeState.DELIVERED, NoticeState.GIVEN_UP)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message that must reach Slack, durable until delivered. Replies under one card are delivered in order of id, and not
    before the card stands; so are its drawings."""

    id: int
    kind: NoticeKind
    request: RequestId | None
    created_at: datetime
    message: Message | None = None
    """None exactly for a card."""
    channel: str | None = None
    """Of a reply: where a digest may say it in its stead; None for one that no digest may say."""
    user: str | None = None
    response_url: str | None = field(default=None, repr=False)
    """Emptied when delivered."""
    state: NoticeState = NoticeState.PENDING
    delivered_at: datetime | None = None
    topic: Topic = Topic.TALK
    digest: int | None = None
    """The notice that says this one in its stead: its own id for a digest itself, the digest's id for what it says."""

    @property
    def key(self) -> str:
        """Names the message in Slack, so that it can be found there; the same for every sending."""
        return f"{self.id}-{int(self.created_at.timestamp() * 1_000_000)}"

    @property
    def is_digest(self) -> bool:
        return self.digest == self.id

    @property
    def may_stand(self) -> bool:
        """Whether it was sent before without an answer: as it comes out of the store, not while it is being sent."""
        return self.state in (NoticeState.SENDING, NoticeState.UNSURE)


@dataclass(frozen=True, kw_only=True)
class NoticeDraft:
    """A notice before the store gave it an id. A card draft is dropped when the same card is already pending."""

    kind: NoticeKind
    request: RequestId | None = None
    message: Message | None = None
    channel: str | None = None
    user: str | None = None
    response_url: str | None = field(default=None, repr=False)
    topic: Topic = Topic.TALK


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One place a card stands."""

    ref: MessageRef
    shown: str = ""
    """Fingerprint of what was drawn there last; empty when that is not known."""
    repeated: bool = False
    """Whether it may be a second copy of a card whose first sending had no answer. It says so until it is known."""


def marked(message: Message, mark: str) -> Message:
    """The message with the mark above it, and behind what is read out."""
    return replace(message, text=f"{message.text} ({mark})", parts=(Small((Text(mark),)), *message.parts))


def fingerprint(message: Message, *, mark: str = "") -> str:
    """The same for the same drawing, today and after a restart."""
    return hashlib.sha256(repr((message, mark)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
