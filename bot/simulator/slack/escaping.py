"""Text between a person's keyboard and an app: what Slack's client and server do to it on the way.

Follows docs.slack.dev/messaging/formatting-message-text and the `should_escape` setting of slash commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_URL = re.compile(r"(?:https?://|mailto:)[^\s<>|]+")
_NAME = re.compile(r"(?<![\w@#])([@#])([a-z0-9][\w.-]*)", re.IGNORECASE)
_SPECIAL = {"channel": "<!channel>", "here": "<!here>", "everyone": "<!everyone>"}


def entities(text: str) -> str:
    """The text with Slack's three control characters as entities; nothing else is touched."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """The inverse of `entities`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


Names = Mapping[str, str]


def as_sent(text: str, users: Names, groups: Names, channels: Names) -> str:
    """What an app with `should_escape` receives for what was typed: known `@name` and `#name` become
    `<@U…|name>`, `<!subteam^S…|@name>` and `<#C…|name>`, addresses stand in angle brackets, control
    characters are entities.

    Each mapping is from name to id.
    """

    def name(match: re.Match[str]) -> str:
        kind, word = match.group(1), match.group(2).rstrip(".-")
        rest, key = match.group(2)[len(word) :], word.lower()
        if kind == "#":
            return f"<#{channels[key]}|{key}>{rest}" if key in channels else match.group(0)
        if key in users:
            return f"<@{users[key]}|{key}>{rest}"
        if key in groups:
            return f"<!subteam^{groups[key]}|@{key}>{rest}"
        return _SPECIAL[key] + rest if key in _SPECIAL else match.group(0)

    out, last = [], 0
    for url in _URL.finditer(text):
        out += [_NAME.sub(name, entities(text[last : url.start()])), f"<{entities(url.group(0))}>"]
        last = url.end()
    return "".join([*out, _NAME.sub(name, entities(text[last:]))])
