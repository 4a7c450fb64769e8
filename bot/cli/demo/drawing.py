"""Slack blocks as lines for a terminal, with names instead of ids. Reads what was posted; knows nothing of who posted it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

Block = Mapping[str, Any]
Names = Mapping[str, str]
"""The word shown for an id."""

_MARK = re.compile(r"<(?:@(?P<user>\w+)|!subteam\^(?P<group>\w+)|!date\^(?P<date>\d+)\^[^>]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def drawn(blocks: Iterable[Block], names: Names) -> list[Text]:
    """One Text a line, unwrapped, in the order they stand in the message. Buttons are a line of their own."""
    return [line for block in blocks for line in _block(block, names)]


def text_drawn(text: str, names: Names) -> Text:
    """A mrkdwn text: mentions and dates in words, entities undone."""
    line, last = Text(), 0
    for mark in _MARK.finditer(text):
        line.append(_plain(text[last : mark.start()]))
        line.append_text(_date(int(mark["date"])) if mark["date"] else _mention(mark[1] or mark[2], names))
        last = mark.end()
    return line.append(_plain(text[last:]))


def _plain(text: str) -> str:
    for entity, char in _ENTITIES:
        text = text.replace(entity, char)
    return text


def _mention(id: str, names: Names) -> Text:
    return Text(f"@{names.get(id, id)}", "bold magenta")


def _date(stamp: int) -> Text:
    """The moment in the reader's own time zone."""
    at = datetime.fromtimestamp(stamp, UTC).astimezone()
    return Text(f"{at:%b} {at.day}, {at:%H:%M}")


def _block(block: Block, names: Names) -> list[Text]:
    match block["type"]:
        case "header":
            return [Text(block["text"]["text"], "bold")]
        case "divider":
            return [Text("─" * 12, "dim")]
        case "context":
            return [_small(block, names)]
        case "rich_text":
            return [line for part in block["elements"] for line in _rich(part, names)]
        case "actions":
            return [_buttons(block)]
        case "section":
            return [_words(block["text"], names)]
        case "input":
            return [Text(block["label"]["text"], "bold")]
        case other:
            return [Text(f"({other})", "dim")]


def _small(block: Block, names: Names) -> Text:
    line = Text(style="dim")
    for one in block["elements"]:
        if line and not line.plain.endswith(" "):
            line.append(" ")
        line.append_text(_words(one, names))
    return line


def _words(text: Block, names: Names) -> Text:
    return text_drawn(text["text"], names) if text["type"] == "mrkdwn" else Text(text["text"])


def _buttons(block: Block) -> Text:
    looks = {"primary": "bold green", "danger": "bold red"}
    line = Text()
    for one in block["elements"]:
        line.append("  " if line else "").append(
            f"[{one['text']['text']}]", looks.get(one.get("style"), "bold")
        )
    return line


def _rich(part: Block, names: Names) -> list[Text]:
    if part["type"] == "rich_text_list":
        return [Text("• ").append_text(_section(one, names)) for one in part["elements"]]
    return [_section(part, names)]


def _section(part: Block, names: Names) -> Text:
    line = Text()
    for one in part["elements"]:
        match one["type"]:
            case "user" | "usergroup":
                line.append_text(_mention(one.get("user_id") or one["usergroup_id"], names))
            case "date":
                line.append_text(_date(int(one["timestamp"])))
            case _:
                line.append(one.get("text", ""), _style(one))
    return line


def _style(one: Block) -> str:
    looks = {"bold": "bold", "italic": "italic", "strike": "strike", "code": "cyan"}
    return " ".join(looks[name] for name, on in one.get("style", {}).items() if on and name in looks)
