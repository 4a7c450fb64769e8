"""How often each Web API method may be called, per workspace and channel.

Tiers as in docs.slack.dev/apis/web-api/rate-limits: what a tier promises at least is here granted at most.
"""

from __future__ import annotations

from collections import defaultdict, deque

_TIERS = {
    20: ("usergroups.list", "usergroups.users.list", "users.list"),
    50: (
        "chat.update",
        "chat.delete",
        "conversations.info",
        "conversations.open",
        "conversations.history",
        "conversations.replies",
        "team.info",
        "bots.info",
    ),
    100: (
        "chat.postEphemeral",
        "views.open",
        "views.update",
        "views.push",
        "views.publish",
        "users.info",
        "conversations.members",
    ),
}
PER_MINUTE = {method: count for count, methods in _TIERS.items() for method in methods}
PER_MINUTE["apps.connections.open"] = 10
"""Tier 1 says "1+"; an app may hold ten connections and open them at once, so ten are granted."""
PER_MINUTE["chat.postMessage"] = 300
"""Slack: "several hundred messages per minute" in a workspace."""
POST_BURST = 3
"""Slack: one message a second in a channel, with short bursts tolerated."""
_OTHER = 100


class Limits:
    """Remembers calls of the last minute. Times are seconds on any steadily growing clock."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, method: str, channel: str, now: float) -> int:
        """0, and the call is counted; or the whole seconds after which to try again, and it is not."""
        waits = [self._until(self._calls[method], PER_MINUTE.get(method, _OTHER), 60.0, now)]
        if method == "chat.postMessage":
            waits.append(self._until(self._posts[channel], POST_BURST, float(POST_BURST), now))
        if wait := max(waits):
            return wait
        self._calls[method].append(now)
        if method == "chat.postMessage":
            self._posts[channel].append(now)
        return 0

    @staticmethod
    def _until(calls: deque[float], most: int, window: float, now: float) -> int:
        while calls and calls[0] <= now - window:
            calls.popleft()
        return 0 if len(calls) < most else max(1, int(calls[0] + window - now + 0.999))
