"""A body from Slack on its way into Bolt. Bolt reads a form whose text holds the word "payload" as empty,
and looks into payloads without checking their types: so the body is parsed and trimmed to its known shapes
here. Pure but for the dispatch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.adapters.slack.payloads import UNREADABLE_ACTION

log = structlog.stdlib.get_logger(__name__)

_MOST_FIELDS = 200
_SHAPES: dict[str, type | tuple[type, ...]] = {
    "actions": list,
    "api_app_id": str,
    "callback_id": str,
    "challenge": str,
    "channel": (dict, str),
    "channel_id": str,
    "command": str,
    "container": dict,
    "enterprise": (dict, str),
    "enterprise_id": str,
    "event": dict,
    "is_enterprise_install": (bool, str),
    "message": dict,
    "action_id": str,
    "response_url": str,
    "ssl_check": str,
    "team": (dict, str),
    "team_id": str,
    "text": str,
    "token": str,
    "trigger_id": str,
    "type": str,
    "user": (dict, str),
    "user_id": str,
    "view": dict,
}


class UnreadableBodyError(ValueError):
    """The body is neither a form nor JSON."""


def parsed(raw: str, content_type: str) -> dict[str, Any]:
    """The payload in an HTTP body: JSON, a form, or JSON in the form's field `payload`. Raises
    UnreadableBodyError."""
    try:
        if content_type.startswith("application/json") or raw.startswith(("{", "[")):
            value = json.loads(raw)
        else:
            form = _form(raw)
            value = json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError) as error:
        raise UnreadableBodyError from error
    if not isinstance(value, dict):
        raise UnreadableBodyError
    return value


def _form(raw: str) -> dict[str, str]:
    """As urllib's parse_qsl reads it, blank values kept, the last of two with one name. A third of its time: most values of
    a command hold nothing to undo. Raises ValueError for more than 200 fields."""
    pairs = raw.split("&")
    if len(pairs) > _MOST_FIELDS:
        raise ValueError("too many fields")
    split = (pair.partition("=") for pair in pairs if pair)
    return {_undone(name): _undone(value) for name, _, value in split}


def _undone(text: str) -> str:
    spaced = text.replace("+", " ")
    return unquote(spaced) if "%" in spaced else spaced


def trimmed(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with nothing in it that Bolt could stumble over; what is unreadable is named so and finds
    the listener for the unknown."""
    kept: dict[str, Any] = {
        key: value for key, value in body.items() if key in _SHAPES and isinstance(value, _SHAPES[key])
    }
    if kept.get("type") in ("block_actions", "interactive_message"):
        actions = [one for one in kept.get("actions", ()) if isinstance(one, dict)]
        first = actions[0] if actions else {}
        if not isinstance(first.get("action_id"), str):
            first = {**first, "action_id": UNREADABLE_ACTION}
        kept["actions"] = [first]
    else:
        kept.pop("actions", None)
    if "view" in kept:
        name = kept["view"].get("callback_id")
        # Of a form without a type, or of the type "workflow_step", Bolt takes for granted what need not be there.
        name = name if isinstance(name, str) else UNREADABLE_ACTION
        kept["view"] = {**kept["view"], "type": "modal", "callback_id": name}
    if "event" in kept:
        kind = kept.pop("event").get("type")
        # The bot does nothing with events, and Bolt looks for people and channels in them.
        kept |= {"event": {"type": kind}} if isinstance(kind, str) else {}
    if kept.get("type") == "workflow_step_edit":
        del kept["type"]  # of a kind that Slack has retired and Bolt still looks into
    return kept


async def dispatched(bolt: AsyncApp, body: Mapping[str, Any]) -> BoltResponse:
    """Bolt's answer to a body that is known to be Slack's: it came by the socket, or its signature was checked at the door. Never
    raises."""
    try:
        return await bolt.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=trimmed(body), headers={}))
    except Exception as error:
        log.error("dispatch_failed", error=type(error).__name__)
        return BoltResponse(status=500, body="")
