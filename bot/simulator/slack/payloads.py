"""What Slack sends an app: slash commands, clicks, submissions and events, field by field.

Follows docs.slack.dev/interactivity/implementing-slash-commands and /reference/interaction-payloads.
"""

from __future__ import annotations

from typing import Any

from bot.simulator.slack.model import Button, Channel, Json, OpenView, SimError, SimMessage, User
from bot.simulator.slack.workspace import Workspace

TOKEN = "sim-verification-token"  # nosec B105 # of a simulated workspace


def channel_name(channel: Channel) -> str:
    """As Slack tells an app: direct messages and private channels have no name of their own."""
    if channel.im_with:
        return "directmessage"
    return "privategroup" if channel.private else channel.name


def command_payload(ws: Workspace, user: User, channel: Channel, command: str, text: str) -> Json:
    """The form fields of a slash command, less response_url and trigger_id."""
    return {
        "token": TOKEN,
        "team_id": ws.team,
        "team_domain": ws.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": ws.app_id,
        "is_enterprise_install": "false",
    }


def _base(ws: Workspace, kind: str, user: User, team: str | None) -> Json:
    person = {"id": user.id, "username": user.name, "name": user.name, "team_id": team or user.team}
    return {
        "type": kind,
        "user": person,
        "api_app_id": ws.app_id,
        "token": TOKEN,
        "team": {"id": ws.team, "domain": ws.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def action(button: Button, ts: str, chosen: Any) -> Json:
    """One entry of `actions`; `chosen` is a button's value or a chooser's choice."""
    out: Json = {
        "action_id": button.action_id,
        "block_id": button.block_id,
        "type": button.type,
        "action_ts": ts,
    }
    if button.type == "button":
        out["text"] = {"type": "plain_text", "text": button.text, "emoji": True}
        if chosen is not None:
            out["value"] = chosen
        return out
    return out | {key: one for key, one in (chosen or {}).items() if key != "type"}


def message_click(
    ws: Workspace, user: User, message: SimMessage, actions: list[Json], team: str | None
) -> Json:
    """block_actions from a message. An ephemeral one's content does not come along."""
    channel = ws.channels[message.channel]
    ephemeral = message.ephemeral_to is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    out = _base(ws, "block_actions", user, team) | {
        "container": container,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": {}},
        "actions": actions,
    }
    if not ephemeral:
        out["message"] = message.as_dict() | {"bot_id": ws.bot_id, "app_id": ws.app_id, "team": ws.team}
    return out


def view_click(ws: Workspace, user: User, found: OpenView, actions: list[Json]) -> Json:
    """block_actions from a modal or a Home tab: no message and no response_url."""
    return _base(ws, "block_actions", user, None) | {
        "container": {"type": "view", "view_id": found.view["id"]},
        "view": found.view,
        "actions": actions,
    }


def view_event(ws: Workspace, user: User, found: OpenView, kind: str) -> Json:
    """view_submission or view_closed."""
    out = _base(ws, kind, user, None) | {"view": found.view}
    extra: Json = {"response_urls": []} if kind == "view_submission" else {"is_cleared": False}
    return out | extra


def home_opened(ws: Workspace, user: User, channel: str) -> Json:
    """An Events API delivery of app_home_opened."""
    event: Json = {"type": "app_home_opened", "user": user.id, "channel": channel, "tab": "home"}
    event["event_ts"] = ws.next_ts()
    if user.id in ws.homes:
        event["view"] = ws.homes[user.id].view
    return {
        "token": TOKEN,
        "team_id": ws.team,
        "api_app_id": ws.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": ws.serial("Ev"),
        "event_time": int(ws.now().timestamp()),
        "authorizations": [{"team_id": ws.team, "user_id": ws.bot_user, "is_bot": True}],
    }


def view_state(found: OpenView, values: dict[tuple[str, str], Any]) -> Json:
    """state.values for what was typed and chosen; what was not touched keeps its initial value.

    Raises SimError where Slack's client would not have it: an unknown field, a wrong option, an empty
    required input.
    """
    state: Json = {}
    left = dict(values)
    for block in found.view["blocks"]:
        several = block.get("elements", []) if block["type"] == "actions" else []
        for element in [*several, block.get("accessory"), block.get("element")]:
            if not isinstance(element, dict) or element.get("type") in (None, "button", "image", "overflow"):
                continue
            key = (block["block_id"], element.get("action_id", ""))
            given = left.pop(key) if key in left else _initial(element)
            entry = choice(element, given)
            if block["type"] == "input" and not block.get("optional") and _empty(entry):
                raise SimError(f"please complete this required field: {key}")
            state.setdefault(key[0], {})[key[1]] = entry
    if left:
        raise SimError(f"no such input in the view: {sorted(left)}")
    return {"values": state}


_FIELD = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "rich_text_input": "rich_text_value",
}


def choice(element: Json, given: Any) -> Json:
    """How Slack writes down what a person put into this element. Options are given by their value."""
    kind = element["type"]
    field = _FIELD.get(kind, "value")
    if field == "value" and given is not None:
        given = _typed(element, str(given))
    elif field == "selected_option" and isinstance(given, str):
        given = _option(element, given)
    elif field == "selected_options":
        given = [_option(element, one) if isinstance(one, str) else one for one in given or []]
    return {"type": kind, field: given}


def _typed(element: Json, text: str) -> str | None:
    if text and len(text) < element.get("min_length", 0):
        raise SimError(f"at least {element['min_length']} characters are needed")
    if len(text) > element.get("max_length", 3000):
        raise SimError(f"at most {element.get('max_length', 3000)} characters fit")
    return text or None


def _option(element: Json, value: str) -> Json:
    groups = element.get("option_groups") or []
    options = [*(element.get("options") or []), *(one for group in groups for one in group["options"])]
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": value, "emoji": True}, "value": value}
    for one in options:
        if one["value"] == value:
            return dict(one)
    raise SimError(f"no option {value!r} among {[one['value'] for one in options]}")


def _initial(element: Json) -> Any:
    starts = (one for key, one in element.items() if key.startswith("initial_"))
    return next(starts, None)


def _empty(entry: Json) -> bool:
    return all(value in (None, "", []) for key, value in entry.items() if key != "type")
