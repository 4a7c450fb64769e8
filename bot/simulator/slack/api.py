"""The Web API's door: who is calling, may they, how often, and what goes wrong on purpose; then the method.

Follows docs.slack.dev/apis/web-api. An answer is HTTP 200 with `ok`, or 429 with Retry-After; unknown
arguments are ignored, as Slack does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulator.slack import methods_chat, methods_history, methods_info, methods_views
from bot.simulator.slack.faults import Fault, Faults
from bot.simulator.slack.limits import Limits
from bot.simulator.slack.model import ApiError, Call, Json
from bot.simulator.slack.workspace import Workspace

Method = Callable[[Workspace, frozenset[str], Json], Json]
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = methods_history.SCOPES
_OPEN = ("im:write", "channels:manage", "groups:write", "mpim:write")

METHODS: dict[str, tuple[Method, tuple[str, ...]]] = {
    "api.test": (methods_info.api_test, ()),
    "auth.test": (methods_info.auth_test, ()),
    "bots.info": (methods_info.bots_info, ("users:read",)),
    "chat.delete": (methods_chat.delete, ("chat:write",)),
    "chat.getPermalink": (methods_chat.permalink, ()),
    "chat.postEphemeral": (methods_chat.post_ephemeral, ("chat:write",)),
    "chat.postMessage": (methods_chat.post_message, ("chat:write",)),
    "chat.update": (methods_chat.update, ("chat:write",)),
    "conversations.history": (methods_history.history, _HISTORY),
    "conversations.info": (methods_info.conversations_info, _READ),
    "conversations.members": (methods_info.conversations_members, _READ),
    "conversations.open": (methods_info.conversations_open, _OPEN),
    "conversations.replies": (methods_history.replies, _HISTORY),
    "team.info": (methods_info.team_info, ("team:read",)),
    "usergroups.list": (methods_info.usergroups_list, ("usergroups:read",)),
    "usergroups.users.list": (methods_info.usergroups_users_list, ("usergroups:read",)),
    "users.info": (methods_info.users_info, ("users:read",)),
    "users.list": (methods_info.users_list, ("users:read",)),
    "views.open": (methods_views.open_view, ()),
    "views.publish": (methods_views.publish, ()),
    "views.push": (methods_views.push, ()),
    "views.update": (methods_views.update, ()),
}
"""Each method with the scopes of which one is needed."""


@dataclass(kw_only=True)
class Credentials:
    bot_token: str
    app_token: str
    scopes: tuple[str, ...]


class WebApi:
    """POST or GET /api/METHOD. `connect` answers apps.connections.open."""

    def __init__(
        self, ws: Workspace, credentials: Credentials, faults: Faults, connect: Callable[[], Json]
    ) -> None:
        self.ws = ws
        self.credentials = credentials
        self.faults = faults
        self.connect = connect
        self.limits: Limits | None = None
        self.closing = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            params = await _arguments(request)
        except ApiError as error:
            return self._answer(method, {}, {"ok": False, "error": error.error})
        fault = self.faults.take(method)
        if fault is not None and fault.what != "cut_after":
            return await self._go_wrong(request, method, params, fault)
        if self.limits and (wait := self._wait(method, params)):
            return self._limited(method, params, wait)
        body = self._run(request, method, params)
        if fault is not None:
            self._record(method, params, 0, body)
            return cut(request)
        return self._answer(method, params, body)

    def _run(self, request: web.Request, method: str, params: Json) -> Json:
        try:
            self._admit(request, method, params)
            if method == "apps.connections.open":
                return {"ok": True, **self.connect()}
            run, _ = METHODS[method]
            return {"ok": True, **run(self.ws, frozenset(self.credentials.scopes), params)}
        except ApiError as error:
            return {"ok": False, "error": error.error, **error.extra}

    def _admit(self, request: web.Request, method: str, params: Json) -> None:
        """Raises ApiError unless the token is there, of the right kind, ours, and has the scope."""
        if method not in METHODS and method != "apps.connections.open":
            raise ApiError("unknown_method", req_method=method)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else str(params.get("token") or "")
        if not token:
            raise ApiError("not_authed")
        if token not in (self.credentials.bot_token, self.credentials.app_token):
            raise ApiError("invalid_auth")
        if (token == self.credentials.app_token) != (method == "apps.connections.open"):
            raise ApiError("not_allowed_token_type")
        needed = () if method == "apps.connections.open" else METHODS[method][1]
        if needed and not set(needed) & set(self.credentials.scopes):
            provided = ",".join(self.credentials.scopes)
            raise ApiError("missing_scope", needed=",".join(needed), provided=provided)

    def _wait(self, method: str, params: Json) -> int:
        assert self.limits is not None
        return self.limits.wait(method, str(params.get("channel", "")), self.ws.now().timestamp())

    async def _go_wrong(
        self, request: web.Request, method: str, params: Json, fault: Fault
    ) -> web.StreamResponse:
        if fault.what == "429":
            return self._limited(method, params, fault.retry_after)
        if fault.what in ("500", "502", "503"):
            self._record(method, params, int(fault.what), {"ok": False})
            return web.Response(
                status=int(fault.what), text="<html>simulated fault</html>", content_type="text/html"
            )
        if fault.what in ("cut_before", "hang"):
            self._record(method, params, 0, {"ok": False})
            if fault.what == "hang":
                await self.closing.wait()
            return cut(request)
        return self._answer(method, params, {"ok": False, "error": fault.what})

    def _limited(self, method: str, params: Json, wait: int) -> web.Response:
        body = {"ok": False, "error": "ratelimited"}
        self._record(method, params, 429, body)
        return web.json_response(body, status=429, headers={"Retry-After": str(wait)})

    def _answer(self, method: str, params: Json, body: Json) -> web.Response:
        self._record(method, params, 200, body)
        needed = METHODS[method][1] if method in METHODS else ()
        headers = {"x-slack-req-id": f"sim-{len(self.ws.calls)}", "x-accepted-oauth-scopes": ",".join(needed)}
        if body.get("error") not in ("not_authed", "invalid_auth"):
            headers["x-oauth-scopes"] = ",".join(self.credentials.scopes)
        return web.json_response(body, headers=headers)

    def _record(self, method: str, params: Json, status: int, body: Json) -> None:
        shown = {key: one for key, one in params.items() if key != "token"}
        ok, error = bool(body.get("ok")) and status in (0, 200), str(body.get("error", ""))
        self.ws.calls.append(
            Call(method=method, params=shown, at=self.ws.now(), status=status, ok=ok, error=error)
        )
        self.ws.changed()


def cut(request: web.Request) -> web.Response:
    """The connection is gone; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _arguments(request: web.Request) -> Json:
    """Query, form or JSON arguments as one object. Raises ApiError in Slack's words."""
    params: Json = dict(request.query)
    if request.method == "GET":
        return params
    if request.content_type == "application/json":
        return params | await _json_arguments(request)
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.post()
        return params | {key: one for key, one in form.items() if isinstance(one, str)}
    return params


async def _json_arguments(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body
