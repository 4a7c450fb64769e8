"""Slack's mrkdwn and rich_text as HTML, for the browser page. All is escaped before it is marked up."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.simulator.slack.escaping import plain
from bot.simulator.slack.model import Json

_TOKEN = re.compile(r"<([^<>]+)>")
_SPANS = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])"), r"<i>\1</i>"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])"), r"<s>\1</s>"),
)
_CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
Names = Mapping[str, str]


def safe(text: Any) -> str:
    """As HTML text or attribute value."""
    return html.escape(str(text), quote=True)


def shown(text: str) -> str:
    """Text that came with Slack's three entities, as HTML: once decoded, once escaped."""
    return safe(plain(text))


def mrkdwn(text: str, names: Names) -> str:
    """HTML of a mrkdwn text. `names` gives the word shown for an id of a person, group or channel."""
    out, last = [], 0
    for code in _CODE.finditer(text):
        out.append(_prose(text[last : code.start()], names))
        block, inline = code.groups()
        out.append(f"<pre>{shown(block.strip())}</pre>" if block else f"<code>{shown(inline)}</code>")
        last = code.end()
    return "".join([*out, _prose(text[last:], names)])


def _prose(text: str, names: Names) -> str:
    out, last = [], 0
    for token in _TOKEN.finditer(text):
        out += [_spans(text[last : token.start()]), _token(token.group(1), names)]
        last = token.end()
    return "".join([*out, _spans(text[last:])])


def _spans(text: str) -> str:
    marked = shown(text)
    for pattern, by in _SPANS:
        marked = pattern.sub(by, marked)
    return marked.replace("\n", "<br>")


def _token(token: str, names: Names) -> str:
    target, _, label = token.partition("|")
    if target.startswith(("@", "#")):
        return _name(target[0], target[1:], names)
    if target.startswith("!subteam^"):
        return _name("@", target.removeprefix("!subteam^"), names)
    if target.startswith("!date^"):
        return f"<time>{shown(_date(target, label))}</time>"
    if target.startswith("!"):
        return f'<span class="at loud">@{shown(target[1:])}</span>'
    return link(plain(target), plain(label) or plain(target))


def _name(sign: str, id: str, names: Names) -> str:
    return f'<span class="at">{sign}{safe(names.get(id, id))}</span>'


def _date(target: str, fallback: str) -> str:
    """The moment in UTC; the simulator has no reader's time zone."""
    try:
        moment = datetime.fromtimestamp(int(target.split("^")[1]), UTC)
    except (ValueError, IndexError, OverflowError):
        return fallback or target
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def link(url: str, label: str) -> str:
    """An anchor for http(s) and mail addresses; for any other scheme just the text."""
    if not url.startswith(("http://", "https://", "mailto:")):
        return safe(label)
    return f'<a href="{safe(url)}" rel="noreferrer noopener" target="_blank">{safe(label)}</a>'


def text_object(text: Any, names: Names) -> str:
    if not isinstance(text, dict):
        return ""
    if text.get("type") == "mrkdwn":
        return mrkdwn(text.get("text", ""), names)
    return safe(text.get("text", "")).replace("\n", "<br>")


def rich_text(block: Json, names: Names) -> str:
    return "".join(_rich_part(one, names) for one in block.get("elements", []))


def _rich_part(part: Json, names: Names) -> str:
    inner = "".join(_rich_inline(one, names) for one in part.get("elements", []))
    match part.get("type"):
        case "rich_text_preformatted":
            return f"<pre>{inner}</pre>"
        case "rich_text_quote":
            return f"<blockquote>{inner}</blockquote>"
        case "rich_text_list":
            tag = "ol" if part.get("style") == "ordered" else "ul"
            items = "".join(f"<li>{_rich_part(one, names)}</li>" for one in part.get("elements", []))
            return f"<{tag}>{items}</{tag}>"
        case _:
            return f"<div>{inner}</div>"


def _rich_inline(one: Json, names: Names) -> str:
    match one.get("type"):
        case "user" | "usergroup":
            inner = _name("@", str(one.get("user_id") or one.get("usergroup_id")), names)
        case "channel":
            inner = _name("#", str(one.get("channel_id")), names)
        case "broadcast":
            inner = f'<span class="at loud">@{safe(one.get("range"))}</span>'
        case "link":
            inner = link(str(one.get("url")), str(one.get("text") or one.get("url")))
        case "emoji":
            inner = f":{safe(one.get('name'))}:"
        case "date":
            inner = safe(_date(f"!date^{one.get('timestamp')}", str(one.get("fallback") or "")))
        case _:
            inner = safe(one.get("text", "")).replace("\n", "<br>")
    for style, tag in (("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "code")):
        if (one.get("style") or {}).get(style):
            inner = f"<{tag}>{inner}</{tag}>"
    return inner
