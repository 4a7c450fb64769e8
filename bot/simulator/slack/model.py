"""The things a workspace is made of: people, groups, channels, messages, views; and the record of traffic.

Plain values, named as Slack names them. No behaviour that needs a server, nothing of the rest of the project.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

Json = dict[str, Any]


class SimError(Exception):
    """The simulated person or test asked for what Slack's own client would never offer."""


class ApiError(Exception):
    """A Web API method's answer `ok: false`. `extra` is merged into the answer."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass(kw_only=True)
class User:
    id: str
    name: str
    team: str
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_stranger: bool = False
    tz: str = "UTC"


@dataclass(kw_only=True)
class UserGroup:
    id: str
    handle: str
    members: list[str]
    disabled: bool = False


@dataclass(kw_only=True)
class Channel:
    """`members` empty on a public channel means everybody; on a private one nobody. `bot_in` is the bot's own
    membership."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    bot_in: bool = True
    private: bool = False
    archived: bool = False
    im_with: str = ""
    """For a direct message: the person at the other end."""

    def has(self, user: str) -> bool:
        if self.im_with:
            return user == self.im_with
        return user in self.members or (not self.members and not self.private)


@dataclass(kw_only=True)
class SimMessage:
    """One message as it stands now. `history` holds the earlier versions, oldest first."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    history: list[SimMessage] = field(default_factory=list)
    deleted: bool = False
    attachments: list[Json] = field(default_factory=list)
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    parse: str = "none"
    link_names: bool = False
    ephemeral_to: str | None = None
    via: str = "chat.postMessage"
    """The door it came by: a Web API method, "ack", "response_url", or "typed" for a person's own line."""

    def keep_version(self) -> None:
        """The present content is put into the history, before a change."""
        self.history.append(replace(self, history=[]))

    def as_dict(self) -> Json:
        """The message object as the Web API and payloads show it."""
        out: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        for key in ("blocks", "attachments", "thread_ts", "metadata"):
            if getattr(self, key):
                out[key] = getattr(self, key)
        if self.history:
            out["edited"] = {"user": self.user, "ts": self.ts}
        return out


@dataclass(frozen=True, kw_only=True)
class Button:
    action_id: str
    value: str | None
    text: str
    block_id: str
    type: str = "button"
    style: str | None = None
    url: str | None = None
    confirm: Json | None = None


@dataclass(kw_only=True)
class OpenView:
    """A modal on a screen, or a Home tab. `view` is Slack's view object; `errors` the last ones shown."""

    user: str
    view: Json
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One Web API request as it came in. `status` 0 means the connection was cut or left hanging."""

    method: str
    params: Json
    at: datetime
    status: int
    ok: bool
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class ResponsePost:
    """One use of a response_url, accepted or not. `seq` tells the urls apart without showing them."""

    seq: int
    user: str
    channel: str
    params: Json
    at: datetime
    status: int
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of one command, click or view: `status` is the HTTP status (200 for an acknowledged
    envelope, 0 for no answer at all), `body` the acknowledgement's JSON or text, `error` the
    word Slack's client would show the person."""

    status: int
    body: Any
    seconds: float
    acked: bool
    trigger_id: str
    error: str = ""
    kind: str = ""
    payload: Json = field(default_factory=dict, repr=False)
    transport: str = ""
    request_body: bytes = field(default=b"", repr=False)
    request_headers: dict[str, str] = field(default_factory=dict, repr=False)
