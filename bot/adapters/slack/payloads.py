"""What Slack sends, translated to small values. Pure: a payload comes in as untrusted data and leaves as a
value or as an `Unusable` with words for the person; nothing here raises. Also the names that travel to Slack
and come back (action ids, callback ids, button values).

Shapes: https://docs.slack.dev/interactivity/implementing-slash-commands,
.../reference/interaction-payloads/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.model import ClickKind, LaneId, Person

ACTIONS: Final[Mapping[ClickKind, str]] = {kind: f"imagebot.{kind}" for kind in ClickKind}
"""The action id of each button."""
CLICKS: Final[Mapping[str, ClickKind]] = {action_id: kind for kind, action_id in ACTIONS.items()}
UNREADABLE_ACTION: Final = "imagebot.unreadable"
REJECTION_VIEW: Final = "imagebot.rejection"
REASON_BLOCK: Final = "imagebot.reason"
REASON_INPUT: Final = "imagebot.reason.text"
MAX_REASON: Final = 500
MAX_COMMAND_CHARS: Final = 40_000
"""Longer than any message Slack lets people type."""

OUTDATED: Final = (
    "This message is outdated: its buttons no longer work. Ask for the present state with the status command."
)
UNREADABLE: Final = "The bot could not read what Slack sent, so nothing was recorded. Please try again."

_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
_TEAM = re.compile(r"[TE][A-Z0-9]{1,30}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,30}")
_TS = re.compile(r"\d{1,15}\.\d{1,10}")
_VALUE = re.compile(r"(?P<lane>\d{1,18}\.\d{1,9})\|(?P<hash>[0-9A-Za-z]{1,128})")
_WORD = re.compile(r"[!-~]{1,1000}")

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TypedCommand:
    """A slash command as it was typed."""

    person: Person
    channel: str
    text: str
    """What stands after the command word, as Slack sent it: undoing its escapes is the parser's."""
    command: str
    trigger_id: str
    """Unique for each time it is sent: a second delivery has the same."""
    response_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Click:
    """A pressed button."""

    person: Person
    channel: str
    message_ts: str
    click: ClickKind
    lane: LaneId
    plan_hash: str
    trigger_id: str
    action_ts: str
    """When it was pressed, by Slack's clock: the same for a second delivery."""
    response_url: str | None = field(default=None, repr=False)
    is_foreign: bool = False
    """Of another workspace: they can click, but cannot type commands."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """The reject form, filled in and sent."""

    person: Person
    channel: str
    message_ts: str
    lane: LaneId
    plan_hash: str
    reason: str
    view_id: str
    """Unique for each opened form."""
    is_foreign: bool = False


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """A payload nothing can be made of, with what to say and where."""

    why: str
    person: Person | None = None
    channel: str = ""
    response_url: str | None = field(default=None, repr=False)
    field: str = ""
    """The input block of a form that the words are about."""


def button_value(lane: LaneId, plan_hash: str) -> str:
    """Everything a button carries; the rest is read from the store."""
    return f"{lane}|{plan_hash}"


def metadata(click: Click) -> str:
    """What the reject form carries along, within Slack's 3000 characters."""
    return "|".join((click.lane, click.plan_hash, click.channel, click.message_ts))


# -- commands ------------------------------------------------------------------------------------------------


def command_of(body: Body) -> TypedCommand | Unusable:
    """The typed command, or why it cannot be read."""
    person = _person(body, {"id": body.get("user_id"), "team_id": body.get("team_id")})
    channel = _matching(_CHANNEL, body.get("channel_id"))
    trigger = _matching(_WORD, body.get("trigger_id"))
    text = body.get("text", "")
    url = _url(body.get("response_url"))
    if person is None or not channel or not trigger or not isinstance(text, str):
        return Unusable(why=UNREADABLE, person=person, channel=channel, response_url=url)
    if len(text) > MAX_COMMAND_CHARS:
        why = f"That command is too long ({len(text):,} characters). Nothing was recorded."
        return Unusable(why=why, person=person, channel=channel, response_url=url)
    return TypedCommand(
        person=person,
        channel=channel,
        text=text,
        command=_matching(_WORD, body.get("command")),
        trigger_id=trigger,
        response_url=url,
    )


# -- clicks --------------------------------------------------------------------------------------------------


def click_of(body: Body) -> Click | Unusable:
    """The pressed button, or why it cannot be acted on. Only ids are taken from the payload."""
    person = _person(body, body.get("user"))
    container = _dict(body.get("container"))
    channel = _matching(_CHANNEL, _dict(body.get("channel")).get("id")) or _matching(
        _CHANNEL, container.get("channel_id")
    )
    url = _url(body.get("response_url"))
    action = action_of(body)
    kind = CLICKS.get(_text(action.get("action_id")))
    carried = _VALUE.fullmatch(_text(action.get("value")))
    if kind is None or carried is None:
        return Unusable(why=OUTDATED, person=person, channel=channel, response_url=url)
    trigger, action_ts = _matching(_WORD, body.get("trigger_id")), _matching(_TS, action.get("action_ts"))
    ts = _matching(_TS, _dict(body.get("message")).get("ts")) or _matching(_TS, container.get("message_ts"))
    if person is None or not (channel and trigger and action_ts and ts):
        return Unusable(why=UNREADABLE, person=person, channel=channel, response_url=url)
    return Click(
        person=person,
        channel=channel,
        message_ts=ts,
        click=kind,
        lane=LaneId(carried["lane"]),
        plan_hash=carried["hash"],
        trigger_id=trigger,
        action_ts=action_ts,
        response_url=url,
        is_foreign=_foreign(person, body),
    )


def unknown_of(body: Body) -> Unusable:
    """An answer for anything pressed or sent that no listener knows: an old message, or another version's."""
    channel = _matching(_CHANNEL, _dict(body.get("channel")).get("id")) or _matching(
        _CHANNEL, body.get("channel_id")
    )
    return Unusable(
        why=OUTDATED,
        person=_person(body, body.get("user")),
        channel=channel,
        response_url=_url(body.get("response_url")),
    )


def action_of(body: Body) -> dict[str, Any]:
    """The pressed element; empty when there is none."""
    actions = body.get("actions")
    return _dict(actions[0]) if isinstance(actions, list) and actions else {}


def is_link(body: Body) -> bool:
    """Whether the pressed button opens a page by itself: such a click wants an acknowledgement and nothing
    more."""
    action = action_of(body)
    if action.get("url"):
        return True
    blocks = _dict(body.get("message")).get("blocks")
    elements = [
        _dict(element)
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(_dict(block).get("elements"), list)
        for element in block["elements"]
    ]
    pressed = [element for element in elements if element.get("action_id") == action.get("action_id")]
    return bool(pressed) and all(element.get("url") for element in pressed)


# -- the reject form -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What every form of ours carries along from the button that opened it, and who sent it."""

    person: Person
    channel: str
    message_ts: str
    lane: LaneId
    plan_hash: str
    view_id: str
    is_foreign: bool


def carried_by(body: Body) -> Carried | Unusable:
    """The ids of a sent form, or why it cannot be read."""
    person = _person(body, body.get("user"))
    view = _dict(body.get("view"))
    parts = _text(view.get("private_metadata")).split("|")
    carried = _VALUE.fullmatch("|".join(parts[:2]))
    view_id = _matching(_WORD, view.get("id"))
    if person is None or len(parts) != 4 or carried is None or not view_id:
        return Unusable(why=UNREADABLE, person=person)
    channel, ts = _matching(_CHANNEL, parts[2]), _matching(_TS, parts[3])
    if not (channel and ts):
        return Unusable(why=UNREADABLE, person=person)
    return Carried(
        person=person, channel=channel, message_ts=ts, lane=LaneId(carried["lane"]), plan_hash=carried["hash"],
        view_id=view_id, is_foreign=_foreign(person, body),
    )  # fmt: skip


def rejection_of(body: Body) -> Rejection | Unusable:
    """The form as it was sent, or why not: an empty or too long reason names the field."""
    carried = carried_by(body)
    if isinstance(carried, Unusable):
        return carried
    values = _dict(_dict(_dict(body.get("view")).get("state")).get("values"))
    reason = _text(_dict(_dict(values.get(REASON_BLOCK)).get(REASON_INPUT)).get("value")).strip()
    if not reason or len(reason) > MAX_REASON:
        why = f"Please say why, in at most {MAX_REASON} characters."
        return Unusable(why=why, person=carried.person, channel=carried.channel, field=REASON_BLOCK)
    return Rejection(
        person=carried.person, channel=carried.channel, message_ts=carried.message_ts, lane=carried.lane,
        plan_hash=carried.plan_hash, reason=reason, view_id=carried.view_id, is_foreign=carried.is_foreign,
    )  # fmt: skip


# -- untrusted pieces ----------------------------------------------------------------------------------------


def _person(body: Body, user: object) -> Person | None:
    """Keyed by the person's own workspace, which in a shared channel is not the bot's; with an org-wide
    installation `team` is null and only the user carries it."""
    who = _dict(user)
    enterprise = body.get("enterprise")
    teams = (
        who.get("team_id"),
        _dict(body.get("team")).get("id"),
        body.get("team_id"),
        _dict(enterprise).get("id"),
    )
    team = next((found for one in teams if (found := _matching(_TEAM, one))), "")
    name = _matching(_USER, who.get("id"))
    return Person(team=team, user=name) if team and name else None


def _foreign(person: Person, body: Body) -> bool:
    own = _matching(_TEAM, _dict(body.get("team")).get("id")) or _matching(_TEAM, body.get("team_id"))
    return bool(own) and person.team != own


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _url(value: object) -> str | None:
    text = _matching(_WORD, value)
    return text if text.startswith(("https://", "http://")) else None
