"""response_url: five uses within thirty minutes, then 404. Needs no token and no membership.

Follows docs.slack.dev/interactivity/handling-user-interaction.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.simulator.slack.api import cut
from bot.simulator.slack.faults import Faults
from bot.simulator.slack.methods_chat import compose, flag, take_attachments, take_blocks
from bot.simulator.slack.model import ApiError, Json, ResponsePost, SimMessage
from bot.simulator.slack.workspace import Workspace

USES = 5
LIFE = timedelta(minutes=30)


@dataclass(kw_only=True)
class Grant:
    """One response_url: for whom, where, and which message it came from (None for a command)."""

    seq: int
    user: str
    channel: str
    until: datetime
    source: SimMessage | None
    used: int = 0


class ResponseUrls:
    """POST /actions/SECRET."""

    def __init__(self, ws: Workspace, faults: Faults) -> None:
        self.ws = ws
        self.faults = faults
        self.grants: dict[str, Grant] = {}

    def grant(self, user: str, channel: str, source: SimMessage | None) -> str:
        """The path of a new response_url."""
        secret = secrets.token_urlsafe(18)
        seq = len(self.grants) + 1
        until = self.ws.now() + LIFE
        self.grants[secret] = Grant(seq=seq, user=user, channel=channel, until=until, source=source)
        return f"/actions/{self.ws.team}/{seq}/{secret}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        grant = self.grants.get(request.match_info["secret"])
        if grant is None:
            return web.json_response({"ok": False, "error": "invalid_url"}, status=404)
        params = _payload(await request.read(), request.content_type)
        fault = self.faults.take("response_url")
        if fault is not None and fault.what.isdigit():
            self._record(grant, params or {}, int(fault.what), "fault")
            headers = {"Retry-After": str(fault.retry_after)} if fault.what == "429" else {}
            return web.Response(status=int(fault.what), headers=headers)
        if fault is not None and fault.what != "cut_after":
            self._record(grant, params or {}, 0, fault.what)
            return cut(request)
        status, error = self._use(grant, params)
        self._record(grant, params or {}, status, error)
        if fault is not None:
            return cut(request)
        if error:
            return web.json_response({"ok": False, "error": error}, status=status)
        return web.Response(text="ok")

    def _use(self, grant: Grant, params: Json | None) -> tuple[int, str]:
        if self.ws.now() > grant.until:
            return 404, "expired_url"
        if grant.used >= USES:
            return 404, "used_url"
        if params is None:
            return 400, "invalid_payload"
        try:
            self._publish(grant, params)
        except ApiError as error:
            return 400, error.error
        grant.used += 1
        return 200, ""

    def _publish(self, grant: Grant, params: Json) -> None:
        source = grant.source
        if source is not None and flag(params.get("delete_original", False)):
            source.keep_version()
            source.deleted = True
            self.ws.changed()
        elif source is not None and flag(params.get("replace_original", False)):
            self._replace(source, params)
        else:
            publish(self.ws, grant.user, grant.channel, params, "response_url")

    def _replace(self, source: SimMessage, params: Json) -> None:
        blocks, attachments, text = (
            take_blocks(params),
            take_attachments(params),
            str(params.get("text") or ""),
        )
        if not text.strip() and not blocks and not attachments:
            raise ApiError("no_text")
        source.keep_version()
        source.text, source.attachments = text, attachments
        source.blocks = self.ws.with_block_ids(blocks or [])
        self.ws.changed()

    def _record(self, grant: Grant, params: Json, status: int, error: str) -> None:
        self.ws.responses.append(
            ResponsePost(
                seq=grant.seq,
                user=grant.user,
                channel=grant.channel,
                params=params,
                at=self.ws.now(),
                status=status,
                error=error,
            )
        )
        self.ws.changed()


def publish(ws: Workspace, user: str, channel: str, params: Json, via: str) -> SimMessage:
    """A message from an acknowledgement or a response_url: ephemeral unless in_channel. Raises ApiError."""
    kind = params.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise ApiError("invalid_response_type")
    message = compose(ws, params, ws.channels[channel], via)
    message.ephemeral_to = user if kind == "ephemeral" else None
    return ws.add_message(message)


def _payload(raw: bytes, content_type: str) -> Json | None:
    body: Any
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
