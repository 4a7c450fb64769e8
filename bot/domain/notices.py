"""What the bot says, as values: a Message is built by `wording`, kept by the store, and drawn by the Slack adapter.

Foreign text (typed by people, named by the cloud) only ever travels in `Text`, which the adapter shows literally: it can
neither mention anybody nor change the look of a card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.domain.model import ClickKind, LaneId, RequestId


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


Span = Text | Who | Group | Moment
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


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message that must reach Slack, durable until delivered. Notices of one thread are delivered in order of id."""

    id: int
    kind: NoticeKind
    request: RequestId | None
    created_at: datetime
    message: Message | None = None
    """None exactly for a card."""
    channel: str | None = None
    user: str | None = None
    response_url: str | None = None
    """Emptied when delivered."""
    state: NoticeState = NoticeState.PENDING
    delivered_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NoticeDraft:
    """A notice before the store gave it an id. A card draft is dropped when the same card is already pending."""

    kind: NoticeKind
    request: RequestId | None = None
    message: Message | None = None
    channel: str | None = None
    user: str | None = None
    response_url: str | None = None
