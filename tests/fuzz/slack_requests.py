"""What Slack sends, as raw requests: shapes of its documentation with people and things of the waiting world in them, pieces of
them exchanged for hostile ones, signed rightly, wrongly or not at all."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from bot.domain.model import ClickKind
from tests.fakes.memory_cloud import HOME
from tests.fuzz.draw import Source, exchanged
from tests.fuzz.rewinding import LANE
from tests.stories.world import ALICE, BOB, CHANNEL, EVE, LEA, LEO, PROD, SEC, TEAM

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
PATH = "/slack/events"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
OTHER_TEAM = "T0OTHER"
PEOPLE = (EVE, BOB, SEC, ALICE, LEA, LEO)
TEAMS = (TEAM, TEAM, TEAM, OTHER_TEAM)
IMAGE = "00000000-0000-4000-8000-000000000001"
HASH_MARK = "@@plan-hash@@"
"""In the place of the lane's plan hash, which only the world knows."""
WORDS = (
    EVE, LEA, TEAM, OTHER_TEAM, CHANNEL, LANE, "1.2", "999999999999999999.999999999", f"{LANE}|{HASH_MARK}", f"{LANE}|0", "|", "|||",
    "imagebot.approve", "imagebot.reject", "imagebot.choose", "imagebot.cancel", "imagebot.rejection", "imagebot.unreadable",
    "/image", "/other", "block_actions", "view_submission", "view_closed", "shortcut", "message_action", "block_suggestion",
    "event_callback", "interactive_message", "dialog_submission", "url_verification", "app_uninstalled", "function_executed",
    "payload", "1", "true", "https://hooks.slack.com/x", "http://127.0.0.1:1/", "ftp://x", "file:///etc/passwd", PROD, HOME,
    "share base to shop-prod", "cancel 1", "retry 1", "status", "list all", "who base", "why 1", "help", "1700000000.000001", "٣.٣",
    "share <@U1|x> to <!channel>", "share a to b because *x* `y` <!here> &lt;@U1&gt;", "x" * 41_000, "workflow_step_edit", "workflow_step",
)  # fmt: skip
COMMANDS = (
    "share base to shop-prod", "share base to shop-dev because x", "cancel 1", "retry 1", "status", "list all", "help", "who base",
    "why 1", "share base to acme-lab for 7d --dry-run", "unshare base from shop-prod", "shar base", "cancel 1.1", "",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it goes over the wire."""

    body: bytes
    kind: str
    signed: bool
    """Whether Slack would have signed exactly this just now."""
    raw: bytes


def sent_from(source: Source, plan_hash: str) -> Sent:
    """A request drawn from the source."""
    way = source.choose(("signed", "signed", "signed", "signed", "signed", "unsigned", "forged", "old"))
    shape = source.byte() % 8
    if shape < 2:
        body, kind = source.rest(), (FORM, JSON)[shape]
    else:
        body, kind = _drawn(source)
    return request(body.replace(HASH_MARK.encode(), plan_hash.encode()), kind, way)


def request(body: bytes, kind: str, way: str = "signed") -> Sent:
    """`way` is signed, unsigned, forged (with another secret) or old (signed an hour ago)."""
    stamp = int(time.time()) - (3_600 if way == "old" else 0)
    headers = {"Host": "bot.example", "Content-Type": kind, "Content-Length": str(len(body))}
    if way != "unsigned":
        secret = "not the secret" if way == "forged" else SECRET
        headers |= {
            "X-Slack-Request-Timestamp": str(stamp),
            "X-Slack-Signature": signature(secret, stamp, body),
        }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode()
    return Sent(body=body, kind=kind, signed=way == "signed", raw=head + body)


def signature(secret: str, stamp: int | str, body: bytes) -> str:
    """As https://docs.slack.dev/authentication/verifying-requests-from-slack has it."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()


def _drawn(source: Source) -> tuple[bytes, str]:
    user, team = source.choose(PEOPLE), source.choose(TEAMS)
    value, is_form = payload_from(source, user, team)
    for _ in range(source.byte() % 5):
        value = exchanged(value, source, WORDS)
    if is_form and isinstance(value, dict):
        fields = {
            str(key): one if isinstance(one, str) else json.dumps(one, default=list)
            for key, one in value.items()
        }
        return urlencode(fields, errors="replace").encode(), FORM
    said = json.dumps(value, default=list)
    if source.byte() % 4 == 3:
        return said.encode(), JSON
    return urlencode({"payload": said}).encode(), FORM


def payload_from(source: Source, user: str, team: str) -> tuple[dict[str, Any], bool]:
    """A payload of one of the kinds Slack knows, honest so far; whether it is sent as plain form fields."""
    kind = source.byte() % 12
    if kind < 3:
        return command(user, team, source.choose(COMMANDS)), True
    if kind < 7:
        return press(user, team, source.choose(tuple(ClickKind))), False
    if kind < 9:
        return form(
            user, team, source.choose(("imagebot.rejection", "imagebot.choose")), source.flag()
        ), False
    return _others(user, team)[source.byte() % 7], False


def command(user: str, team: str, text: str) -> dict[str, Any]:
    return {
        "token": "t", "team_id": team, "team_domain": "d", "channel_id": CHANNEL, "channel_name": "images", "user_id": user,
        "user_name": "n", "command": "/image", "text": text, "api_app_id": "A0APP", "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/x", "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    }  # fmt: skip


def _base(kind: str, user: str, team: str) -> dict[str, Any]:
    return {
        "type": kind, "user": {"id": user, "username": "n", "name": "n", "team_id": team}, "api_app_id": "A0APP", "token": "t",
        "team": {"id": TEAM, "domain": "d"}, "enterprise": None, "is_enterprise_install": False, "trigger_id": "1.2.abc",
    }  # fmt: skip


def press(user: str, team: str, click: ClickKind) -> dict[str, Any]:
    action = {
        "action_id": f"imagebot.{click}", "block_id": "b", "type": "button", "action_ts": "1700000000.000100",
        "text": {"type": "plain_text", "text": "x", "emoji": True}, "value": f"{LANE}|{HASH_MARK}",
    }  # fmt: skip
    return _base("block_actions", user, team) | {
        "container": {"type": "message", "message_ts": "1700000000.000002", "channel_id": CHANNEL, "is_ephemeral": False},
        "channel": {"id": CHANNEL, "name": "images"},
        "message": {"type": "message", "ts": "1700000000.000002", "text": "x", "blocks": [{"type": "actions", "elements": [action]}]},
        "state": {"values": {}}, "response_url": "https://hooks.slack.com/actions/x", "actions": [action],
    }  # fmt: skip


def form(user: str, team: str, callback: str, pairs: bool) -> dict[str, Any]:
    option = {"text": {"type": "plain_text", "text": "x"}, "value": f"{IMAGE}|{PROD}" if pairs else IMAGE}
    chosen = {"choice": {"type": "multi_static_select", "selected_options": [option]}}
    values = {"pairs" if pairs else "images": chosen, **({} if pairs else {"projects": chosen})}
    if callback == "imagebot.rejection":
        values = {
            "imagebot.reason": {"imagebot.reason.text": {"type": "plain_text_input", "value": "not now"}}
        }
    view = {
        "id": "V0VIEW", "type": "modal", "callback_id": callback, "private_metadata": f"{LANE}|{HASH_MARK}|{CHANNEL}|1700000000.000002",
        "state": {"values": values}, "hash": "1.x", "blocks": [], "team_id": TEAM,
    }  # fmt: skip
    return _base("view_submission", user, team) | {"view": view, "response_urls": []}


def _others(user: str, team: str) -> tuple[dict[str, Any], ...]:
    event = {
        "type": "app_home_opened",
        "user": user,
        "channel": "D0X",
        "tab": "home",
        "event_ts": "1700000000.000003",
    }
    return (
        {"token": "t", "team_id": team, "api_app_id": "A0APP", "event": event, "type": "event_callback", "event_id": "Ev1"},
        {"type": "url_verification", "challenge": "c", "token": "t"},
        _base("shortcut", user, team) | {"callback_id": "x", "action_ts": "1.1"},
        _base("message_action", user, team) | {"callback_id": "x", "message": {"ts": "1.1"}, "channel": {"id": CHANNEL}},
        _base("view_closed", user, team) | {"view": {"id": "V", "callback_id": "imagebot.rejection"}, "is_cleared": False},
        _base("block_suggestion", user, team) | {"action_id": "x", "block_id": "b", "value": "v", "container": {"type": "view"}},
        _base("interactive_message", user, team) | {"callback_id": "x", "actions": [{"name": "a", "type": "button", "value": "v"}]},
    )  # fmt: skip
