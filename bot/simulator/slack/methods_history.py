"""conversations.history and conversations.replies: what stands in a channel, newest first, and under a message, oldest first.

Follows docs.slack.dev/reference/methods. Each kind of channel has its own scope; metadata comes only when it is asked for.
"""

from __future__ import annotations

from typing import Any

from bot.simulator.slack.methods_chat import as_posted, flag, seen, thread_root
from bot.simulator.slack.model import ApiError, Channel, Json, SimMessage
from bot.simulator.slack.workspace import Workspace

SCOPES = ("channels:history", "groups:history", "im:history", "mpim:history")
_MOST = 999


def history(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    channel = _channel(ws, scopes, params)
    there = [one for one in _there(ws, channel, params) if one.thread_ts in (None, one.ts)]
    return _page(ws, list(reversed(there)), params)


def replies(ws: Workspace, scopes: frozenset[str], params: Json) -> Json:
    """The root, then its replies."""
    channel = _channel(ws, scopes, params)
    root = thread_root(ws, channel.id, params.get("ts"))
    if root is None:
        raise ApiError("thread_not_found")
    first = ws.message(channel.id, root)
    there = [one for one in _there(ws, channel, params) if one.thread_ts == root and one.ts != root]
    return _page(ws, [*([first] if first is not None and not first.deleted else []), *there], params)


def _channel(ws: Workspace, scopes: frozenset[str], params: Json) -> Channel:
    """The channel the bot may read. Raises ApiError."""
    channel = seen(ws, str(params.get("channel") or ""))
    needed = "im:history" if channel.im_with else "groups:history" if channel.private else "channels:history"
    if needed not in scopes:
        raise ApiError("missing_scope", needed=needed, provided=",".join(sorted(scopes)))
    if not channel.bot_in:
        raise ApiError("not_in_channel")
    return channel


def _there(ws: Workspace, channel: Channel, params: Json) -> list[SimMessage]:
    oldest, latest = float(params.get("oldest") or 0), float(params.get("latest") or "inf")
    inclusive = flag(params.get("inclusive", False))

    def within(ts: float) -> bool:
        return oldest <= ts <= latest if inclusive else oldest < ts < latest

    messages = (
        one for one in ws.messages.get(channel.id, []) if not one.deleted and one.ephemeral_to is None
    )
    return [one for one in messages if within(float(one.ts))]


def _page(ws: Workspace, messages: list[SimMessage], params: Json) -> Json:
    limit = min(max(int(params.get("limit") or 100), 1), _MOST)
    cursor = str(params.get("cursor") or "")
    start = int(cursor.removeprefix("next:")) if cursor.startswith("next:") else 0
    with_metadata = flag(params.get("include_all_metadata", False))
    shown = [_shown(ws, one, with_metadata) for one in messages[start : start + limit]]
    more = start + limit < len(messages)
    body: dict[str, Any] = {"messages": shown, "has_more": more, "pin_count": 0}
    return body | ({"response_metadata": {"next_cursor": f"next:{start + limit}"}} if more else {})


def _shown(ws: Workspace, message: SimMessage, with_metadata: bool) -> Json:
    out = as_posted(ws, message)
    if not with_metadata:
        out.pop("metadata", None)
    return out
