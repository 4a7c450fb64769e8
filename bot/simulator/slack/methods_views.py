"""views.* as docs.slack.dev/reference/methods describes it, and what a submission's answer does."""

from __future__ import annotations

import secrets
from typing import Any

from bot.simulator.slack.methods_chat import parsed
from bot.simulator.slack.model import ApiError, Json, OpenView
from bot.simulator.slack.rules import view_problems, view_too_large
from bot.simulator.slack.workspace import Workspace

STACK = 3


def take_view(value: Any, kind: str) -> Json:
    """The view argument, judged. Raises ApiError invalid_arguments or view_too_large."""
    view = parsed(value, "invalid_arguments")
    problems = view_problems(view)
    if not problems and view.get("type") != kind:
        problems = [f"[ERROR] must be a {kind} view [json-pointer:/view/type]"]
    if problems:
        raise ApiError("invalid_arguments", response_metadata={"messages": problems})
    if view_too_large(view):
        raise ApiError("view_too_large")
    return dict(view)


def _opened(ws: Workspace, user: str, view: Json, below: OpenView | None) -> OpenView:
    _check_external_id(ws, view, None)
    id = ws.serial("V")
    full = {
        "id": id,
        "team_id": ws.team,
        "app_id": ws.app_id,
        "app_installed_team_id": ws.team,
        "bot_id": ws.bot_id,
        "root_view_id": below.view["root_view_id"] if below else id,
        "previous_view_id": below.view["id"] if below else None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit": None,
        "close": None,
        **view,
        "blocks": ws.with_block_ids(view["blocks"]),
        "state": {"values": {}},
        "hash": _hash(ws),
    }
    return OpenView(user=user, view=full)


def _hash(ws: Workspace) -> str:
    return f"{int(ws.now().timestamp())}.{secrets.token_hex(4)}"


def _check_external_id(ws: Workspace, view: Json, own: OpenView | None) -> None:
    wanted = view.get("external_id")
    every = [one for stack in ws.modals.values() for one in stack] + list(ws.homes.values())
    if wanted and any(one.view.get("external_id") == wanted for one in every if one is not own):
        raise ApiError("duplicate_external_id")


def open_view(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    view = take_view(params.get("view"), "modal")
    user = ws.use_trigger(str(params.get("trigger_id") or ""))
    opened = _opened(ws, user, view, None)
    ws.modals[user] = [opened]
    ws.changed()
    return {"view": opened.view}


def push(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    view = take_view(params.get("view"), "modal")
    user = ws.use_trigger(str(params.get("trigger_id") or ""))
    return {"view": pushed(ws, user, view).view}


def pushed(ws: Workspace, user: str, view: Json) -> OpenView:
    """On top of the person's stack. Raises ApiError push_limit_reached."""
    stack = ws.modals.get(user, [])
    if not stack:
        raise ApiError("not_found")
    if len(stack) >= STACK:
        raise ApiError("push_limit_reached")
    stack.append(_opened(ws, user, view, stack[-1]))
    ws.changed()
    return stack[-1]


def update(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    found = ws.view(str(params.get("view_id") or "")) or _by_external_id(ws, params.get("external_id"))
    if found is None:
        raise ApiError("not_found")
    view = take_view(params.get("view"), found.view["type"])
    if params.get("hash") and params["hash"] != found.view["hash"]:
        raise ApiError("hash_conflict")
    return {"view": replaced(ws, found, view).view}


def replaced(ws: Workspace, found: OpenView, view: Json) -> OpenView:
    """The same view id with new content and a new hash. Raises ApiError duplicate_external_id."""
    _check_external_id(ws, view, found)
    kept = {key: found.view[key] for key in ("id", "root_view_id", "previous_view_id")}
    fresh = _opened(ws, found.user, {key: one for key, one in view.items() if key != "external_id"}, None)
    found.view = fresh.view | kept | {"external_id": view.get("external_id", "")}
    found.errors = {}
    ws.changed()
    return found


def _by_external_id(ws: Workspace, external_id: Any) -> OpenView | None:
    every = [one for stack in ws.modals.values() for one in stack] + list(ws.homes.values())
    return next((one for one in every if external_id and one.view.get("external_id") == external_id), None)


def publish(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    """Last write wins unless a hash is sent."""
    view, user = take_view(params.get("view"), "home"), str(params.get("user_id") or "")
    if user not in ws.users:
        raise ApiError("user_not_found")
    old = ws.homes.get(user)
    if old and params.get("hash") and params["hash"] != old.view["hash"]:
        raise ApiError("hash_conflict")
    ws.homes[user] = replaced(ws, old, view) if old else _opened(ws, user, view, None)
    ws.changed()
    return {"view": ws.homes[user].view}


def apply_answer(ws: Workspace, found: OpenView, answer: Any) -> str:
    """What a view_submission's acknowledgement does to the stack; the error Slack's client would show, or "".

    Follows docs.slack.dev/surfaces/modals, "Modifying modals in response to an action".
    """
    stack = ws.modals.get(found.user, [])
    action = answer.get("response_action") if isinstance(answer, dict) else None
    try:
        if action == "errors":
            return _show_errors(ws, found, answer.get("errors"))
        if action == "update":
            replaced(ws, found, take_view(answer.get("view"), "modal"))
        elif action == "push":
            pushed(ws, found.user, take_view(answer.get("view"), "modal"))
        elif action == "clear":
            ws.modals.pop(found.user, None)
        elif action is None and answer in (None, "", {}):
            if found in stack:
                stack.remove(found)
        else:
            return "invalid_response_action"
    except ApiError as error:
        return error.error
    ws.changed()
    return ""


def _show_errors(ws: Workspace, found: OpenView, errors: Any) -> str:
    inputs = {one["block_id"] for one in found.view["blocks"] if one["type"] == "input"}
    if not isinstance(errors, dict) or not errors or set(errors) - inputs:
        return "invalid_errors"
    found.errors = {key: str(one) for key, one in errors.items()}
    ws.changed()
    return ""
