"""Looking in Slack for a message whose answer was lost: where to look, how far, and where it is not allowed. No call is made here.

Methods: https://docs.slack.dev/reference/methods/conversations.history, conversations.replies (tier 3). Both return metadata
when asked to, and need one of the scopes `channels:history`, `groups:history`, `im:history` for the kind of channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import NotReachableError

EVENT = "imagebot_notice"
"""event_type of every message's metadata."""
_PAGE = 100
_SLACK_CLOCK = timedelta(minutes=2)
"""By how much Slack's clock and ours may differ."""


@dataclass(kw_only=True)
class Look:
    """The pages of one look."""

    method: str
    arguments: dict[str, Any]

    def goes_on(self, data: dict[str, Any]) -> bool:
        """Whether there is another page; the arguments then ask for it."""
        more = data.get("response_metadata")
        cursor = more.get("next_cursor") if isinstance(more, dict) else ""
        if not cursor or not data.get("has_more", True):
            return False
        self.arguments = {**self.arguments, "cursor": cursor}
        return True


class Looks:
    """Where the bot was told that it may not look, it does not ask again before the next start."""

    pages = 10

    def __init__(self) -> None:
        self._closed: set[str] = set()

    def where(self, channel: str, thread: str | None, since: datetime) -> Look:
        """The first page. Raises NotReachableError where it is of no use: not granted, or a direct message whose channel is
        not known."""
        if channel[:1] in self._closed or channel[:1] not in ("C", "G", "D"):
            raise NotReachableError(reason="missing_scope")
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - _SLACK_CLOCK).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        if thread is None:
            return Look(method="conversations.history", arguments=arguments)
        return Look(method="conversations.replies", arguments={**arguments, "ts": thread})

    def found(self, data: dict[str, Any], key: str) -> str | None:
        """Its ts, when the page has it."""
        messages = data.get("messages")
        for message in messages if isinstance(messages, list) else ():
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT and payload.get("key") == key:
                return str(message.get("ts", "")) or None
        return None

    def not_granted(self, channel: str) -> None:
        """For this kind of channel. Public and private ones have scopes of their own, yet may begin with the same letter, so
        that one refusal is taken for both."""
        self._closed.add(channel[:1])
