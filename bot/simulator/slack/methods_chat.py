"""chat.* as docs.slack.dev/reference/methods describes it.

Each method is a function of the workspace, the app's scopes and the arguments; it returns the answer's fields
or raises ApiError.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bot.simulator.slack.model import ApiError, Channel, Json, SimMessage
from bot.simulator.slack.rules import block_problems
from bot.simulator.slack.workspace import Workspace

POST_TEXT = 40_000
UPDATE_TEXT = 4_000
METADATA_BYTES = 8_000
_TS = re.compile(r"^\d{1,12}\.\d{6}$")


def parsed(value: Any, error: str) -> Any:
    """A JSON argument, which form-encoded requests carry as a string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except ValueError:
        raise ApiError(error) from None


def flag(value: Any) -> bool:
    return str(value).lower() in ("true", "1")


def take_blocks(params: Json) -> list[Json] | None:
    """The blocks argument, judged; None when it was not sent. Raises ApiError invalid_blocks(_format)."""
    blocks = parsed(params.get("blocks"), "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    if problems := block_problems(blocks, "message"):
        raise ApiError("invalid_blocks", errors=problems, response_metadata={"messages": problems})
    return blocks


def take_attachments(params: Json) -> list[Json]:
    attachments = parsed(params.get("attachments"), "invalid_attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise ApiError("invalid_attachments")
    if len(attachments) > 100:
        raise ApiError("too_many_attachments")
    for one in attachments:
        take_blocks({"blocks": one.get("blocks")})
    return attachments


def take_metadata(params: Json) -> Json | None:
    metadata = parsed(params.get("metadata"), "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if not metadata.get("event_type") or set(metadata) - {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise ApiError("metadata_too_large")
    return metadata


def place(ws: Workspace, scopes: frozenset[str], name: str) -> Channel:
    """The channel the bot may write to. A user id opens the direct message. Raises ApiError."""
    if not name:
        raise ApiError("channel_not_found")
    if name in ws.users:
        if ws.users[name].is_bot:
            raise ApiError("cannot_dm_bot")
        if ws.users[name].deleted:
            raise ApiError("channel_not_found")
        return ws.dm(name)
    channel = seen(ws, name)
    if channel.archived:
        raise ApiError("is_archived")
    if not channel.bot_in and "chat:write.public" not in scopes:
        raise ApiError("not_in_channel")
    return channel


def seen(ws: Workspace, name: str) -> Channel:
    """The channel if it exists for the bot: a private one without the bot does not. Raises ApiError."""
    by_name = (
        one for one in ws.channels.values() if not one.private and "#" + one.name == "#" + name.lstrip("#")
    )
    channel = ws.channels.get(name) or next(by_name, None)
    if channel is None or (channel.private and not channel.bot_in):
        raise ApiError("channel_not_found")
    return channel


def thread_root(ws: Workspace, channel: str, ts: Any) -> str | None:
    """The ts of an existing root. A reply's ts is refused: Slack says to use its parent's instead."""
    if not ts:
        return None
    if not _TS.match(str(ts)):
        raise ApiError("invalid_thread_ts")
    root = ws.message(channel, str(ts))
    if root is None or root.thread_ts not in (None, root.ts):
        raise ApiError("thread_not_found")
    if root.deleted and len(ws.thread(channel, root.ts)) == 0:
        raise ApiError("thread_not_found")
    return root.ts


def compose(ws: Workspace, params: Json, channel: Channel, via: str) -> SimMessage:
    """A message of the bot from the arguments every posting method shares. Raises ApiError."""
    blocks, attachments = take_blocks(params), take_attachments(params)
    text = str(params.get("text") or "")
    if not text.strip() and not blocks and not attachments:
        raise ApiError("no_text")
    return SimMessage(
        ts=ws.next_ts(),
        channel=channel.id,
        user=ws.bot_user,
        text=text[:POST_TEXT],
        blocks=blocks or [],
        attachments=attachments,
        thread_ts=thread_root(ws, channel.id, params.get("thread_ts")),
        metadata=take_metadata(params),
        parse=str(params.get("parse") or "none"),
        link_names=flag(params.get("link_names", False)),
        via=via,
        unfurl_links=flag(params["unfurl_links"]) if "unfurl_links" in params else None,
        unfurl_media=flag(params["unfurl_media"]) if "unfurl_media" in params else None,
    )


def post_message(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    channel = place(ws, scopes, str(params.get("channel") or ""))
    message = ws.add_message(compose(ws, params, channel, "chat.postMessage"))
    return {"channel": channel.id, "ts": message.ts, "message": as_posted(ws, message)}


def as_posted(ws: Workspace, message: SimMessage) -> Json:
    out = message.as_dict()
    if message.user == ws.bot_user:
        out |= {"bot_id": ws.bot_id, "app_id": ws.app_id, "team": ws.team}
    return out


def post_ephemeral(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    channel, user = place(ws, scopes, str(params.get("channel") or "")), str(params.get("user") or "")
    if user not in ws.users or ws.users[user].deleted or not channel.has(user):
        raise ApiError("user_not_in_channel")
    message = compose(ws, params, channel, "chat.postEphemeral")
    message.ephemeral_to = user
    return {"message_ts": ws.add_message(message).ts}


def update(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    """Text without blocks removes the blocks; metadata stays unless sent; link_names falls back to false."""
    channel, message = _own(ws, scopes, params, "cant_update_message")
    if channel.archived:
        raise ApiError("is_inactive")
    blocks = take_blocks(params)
    attachments = take_attachments(params) if "attachments" in params else None
    text = str(params.get("text") or "")
    if len(text) > UPDATE_TEXT:
        raise ApiError("msg_too_long")
    if not text.strip() and not blocks and not attachments:
        raise ApiError("no_text")
    metadata = take_metadata(params)
    message.keep_version()
    if blocks is not None or text:
        message.text, message.blocks = text, ws.with_block_ids(blocks or [])
    if attachments is not None or text:
        message.attachments = attachments or []
    message.metadata = metadata if metadata is not None else message.metadata
    message.parse = str(params.get("parse") or "none")
    message.link_names = flag(params.get("link_names", False))
    ws.changed()
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": as_posted(ws, message)}


def delete(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    channel, message = _own(ws, scopes, params, "cant_delete_message")
    message.keep_version()
    message.deleted = True
    ws.changed()
    return {"channel": channel.id, "ts": message.ts}


def _own(ws: Workspace, scopes: frozenset[str], params: Json, error: str) -> tuple[Channel, SimMessage]:
    channel = ws.channels.get(str(params.get("channel") or ""))
    if channel is None or (channel.private and not channel.bot_in):
        raise ApiError("channel_not_found")
    if not channel.bot_in and "chat:write.public" not in scopes:
        raise ApiError("not_in_channel")
    message = ws.message(channel.id, str(params.get("ts") or ""))
    if message is None or message.deleted:
        raise ApiError("message_not_found")
    if message.user != ws.bot_user:
        raise ApiError(error)
    return channel, message


def permalink(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    channel = seen(ws, str(params.get("channel") or ""))
    message = ws.message(channel.id, str(params.get("message_ts") or ""))
    if message is None or message.deleted:
        raise ApiError("message_not_found")
    link = f"https://{ws.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}
