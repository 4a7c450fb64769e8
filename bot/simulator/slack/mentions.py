"""Who a message would notify, read from its text and blocks as Slack reads them.

Written to be suspicious: where Slack's documents say that "certain mentions" may be parsed, they are. Follows
docs.slack.dev/messaging/formatting-message-text and reference/block-kit/composition-objects/text-object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.simulator.slack.model import Json, SimMessage

_TOKEN = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!channel|!here|!everyone|!group)(?:\|[^<>]*)?>")
_TYPED = re.compile(r"(?<![\w@])@([a-z0-9][\w.-]*)", re.IGNORECASE)
_BROADCASTS = {"channel", "here", "everyone"}


def mentions(message: SimMessage | Json, names: Mapping[str, str] | None = None) -> set[str]:
    """Ids of users (U…) and groups (S…), and "!channel", "!here", "!everyone", that the message would notify.

    `names` maps handles of people and groups to their ids: a mrkdwn text that is not `verbatim`, and a text
    sent with `link_names` or `parse: full`, also notifies those who are named by a bare `@handle`.
    """
    if isinstance(message, SimMessage):
        text, blocks, parsed = message.text, message.blocks, message.link_names or message.parse == "full"
        attachments = message.attachments
    else:
        text, blocks = message.get("text") or "", message.get("blocks") or []
        parsed = bool(message.get("link_names")) or message.get("parse") == "full"
        attachments = message.get("attachments") or []
    found = set(_marked(text))
    if parsed:
        found |= set(_typed(text, names or {}))
    found |= set(_walk(blocks, names or {}))
    for attachment in attachments:
        found |= set(_attachment(attachment, names or {}))
    return found


def _marked(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        token = match.group(1)
        if token.startswith("@"):
            yield token[1:]
        elif token.startswith("!subteam^"):
            yield token.removeprefix("!subteam^")
        else:
            yield "!channel" if token == "!group" else token  # nosec B105 # a mention, no secret


def _typed(text: str, names: Mapping[str, str]) -> Iterator[str]:
    for match in _TYPED.finditer(_TOKEN.sub(" ", text)):
        word = match.group(1).rstrip(".-").lower()
        if word in _BROADCASTS:
            yield f"!{word}"
        elif word in names:
            yield names[word]


def _attachment(attachment: Json, names: Mapping[str, str]) -> Iterator[str]:
    fields: Iterable[Json] = attachment.get("fields") or []
    for text in [attachment.get("text"), attachment.get("pretext"), *(one.get("value") for one in fields)]:
        yield from _marked(str(text or ""))
    yield from _walk(attachment.get("blocks") or [], names)


def _walk(node: Any, names: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _walk(one, names)
    elif isinstance(node, dict):
        yield from _one(node, names)


def _one(node: Json, names: Mapping[str, str]) -> Iterator[str]:
    kind = node.get("type")
    if kind == "mrkdwn":
        yield from _marked(node.get("text", ""))
        if not node.get("verbatim"):
            yield from _typed(node.get("text", ""), names)
    elif kind == "markdown":
        yield from _marked(node.get("text", ""))
        yield from _typed(node.get("text", ""), names)
    elif kind == "user" and "user_id" in node:
        yield node["user_id"]
    elif kind == "usergroup" and "usergroup_id" in node:
        yield node["usergroup_id"]
    elif kind == "broadcast" and "range" in node:
        yield f"!{node['range']}"
    elif kind not in ("plain_text", "raw_text"):
        for key, value in node.items():
            if key != "confirm":  # a dialog is shown to the one who clicks, and notifies nobody
                yield from _walk(value, names)
