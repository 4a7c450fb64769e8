"""A domain Message drawn as Block Kit. Foreign text only ever becomes rich_text or plain_text, which know no
markup; the only mrkdwn written here are our own mentions and dates. Lives here: shapes. What fits is decided
in `fitting`.

Follows https://docs.slack.dev/reference/block-kit; limits of texts, buttons and dialogs are kept whatever
comes in.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from bot.adapters.slack.fitting import MAX_BLOCKS, fitted, plain
from bot.adapters.slack.literal import bare, shortened, shortened_escaped, visible
from bot.adapters.slack.payloads import ACTIONS, button_value
from bot.domain.model import ClickKind
from bot.domain.notices import (
    Bullets,
    Buttons,
    Choice,
    Divider,
    Group,
    Heading,
    Line,
    Link,
    Message,
    Moment,
    Paragraph,
    Part,
    Small,
    Span,
    Text,
    Who,
)

Block = dict[str, Any]

MAX_TEXT = 3_900
"""chat.update refuses more than 4,000 characters of top-level text (msg_too_long)."""
_MAX_BUTTON, _MAX_CONFIRM, _MAX_CONTEXT, _MAX_URL = 75, 300, 10, 3_000
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,30}")
_USERGROUP_ID = re.compile(r"S[A-Z0-9]{1,30}")
_DATE = "{date_short_pretty} {time}"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A message as Slack takes it."""

    text: str
    """For the ear and for notifications: escaped, at most MAX_TEXT characters."""
    blocks: list[Block]
    words: str
    """What `text` says, before it was escaped and shortened."""
    lead: str = ""
    """Our own mention before it."""

    @property
    def bare_text(self) -> str:
        """The same where blocks were refused: nothing in it has a meaning in mrkdwn."""
        return self.lead + bare(self.words, MAX_TEXT - len(self.lead))


def drawn(message: Message, *, mark: str = "", final: bool = False) -> Drawing:
    """The drawing of a message. `mark` stands in small type above it and in brackets behind the text. A
    message without parts is drawn from its text, one paragraph a line. A `final` one is never updated: its
    blocks need no ids."""
    words = visible(message.text, newlines=True).strip() or _words(message.parts)
    text = f"{words} ({visible(mark)})" if mark else words
    room = MAX_BLOCKS - 1 if mark else MAX_BLOCKS
    shown = fitted(message.parts, room=room) or fitted(_paragraphs(words, message.lead), room=room)
    if mark:
        shown = (Small((Text(visible(mark)),)), *shown)
    lead = f"<@{message.lead}> " if _USER_ID.fullmatch(message.lead) else ""
    return Drawing(
        text=lead + shortened_escaped(text, MAX_TEXT - len(lead)),
        blocks=[_block(part) for part in shown] if final else _blocks(shown),
        words=text,
        lead=lead,
    )


def _paragraphs(words: str, lead: str) -> tuple[Part, ...]:
    """Text alone, as parts: without blocks Slack would read markup in it."""
    spoken_of: Line = (Who(lead), Text(" ")) if lead else ()
    lines: list[Line] = [(Text(line),) for line in words.split("\n")]
    return tuple(Paragraph(line) for line in [(*spoken_of, *lines[0]), *lines[1:]])


def private_answer(message: Message) -> Block:
    """A message as the answer to a command or for a response_url: seen by one person, and leaving the card
    alone."""
    drawing = drawn(message, final=True)
    return {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": drawing.text,
        "blocks": drawing.blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def plain_text(text: str, limit: int) -> Block:
    """A plain_text object; never empty, and `:words:` do not become pictures."""
    return {"type": "plain_text", "text": shortened(visible(text).strip(), limit) or "…", "emoji": False}


def _words(parts: tuple[Part, ...]) -> str:
    lines: list[str] = []
    for part in parts:
        match part:
            case Heading():
                lines.append(visible(part.text))
            case Paragraph() | Small():
                lines.append(plain(part.line))
            case Bullets():
                lines.extend(plain(line) for line in part.lines)
            case Buttons() | Divider():
                pass
    return "\n".join(lines).strip() or "(no text)"


def _blocks(parts: tuple[Part, ...]) -> list[Block]:
    """Each block with a block_id of its own that is new whenever anything in the message changes."""
    blocks = [_block(part) for part in parts]
    digest = hashlib.sha256(json.dumps(blocks, sort_keys=True).encode()).hexdigest()[:20]
    return [{**block, "block_id": f"{digest}-{number}"} for number, block in enumerate(blocks)]


def _block(part: Part) -> Block:
    match part:
        case Heading():
            return {"type": "header", "text": plain_text(part.text, 150)}
        case Paragraph():
            return _rich([_section(part.line)])
        case Bullets():
            lines = [_section(line) for line in part.lines]
            return _rich([{"type": "rich_text_list", "style": "bullet", "elements": lines}])
        case Small():
            return _small(part.line)
        case Divider():
            return {"type": "divider"}
        case Buttons():
            return _actions(part)


def _rich(elements: list[Block]) -> Block:
    return {"type": "rich_text", "elements": elements}


def _section(line: Line) -> Block:
    return {"type": "rich_text_section", "elements": [_element(span) for span in line]}


def _element(span: Span) -> Block:
    match span:
        case Text():
            return _text_element(visible(span.text), span.style)
        case Who():
            if _USER_ID.fullmatch(span.user):
                return {"type": "user", "user_id": span.user}
            return _text_element(f"@{visible(span.user)}", "plain")
        case Group():
            if span.usergroup and _USERGROUP_ID.fullmatch(span.usergroup):
                return {"type": "usergroup", "usergroup_id": span.usergroup}
            return _text_element(visible(span.name) or "…", "bold")
        case Link():
            return _link(span)
        case Moment():
            stamp = int(span.at.timestamp())
            return {"type": "date", "timestamp": stamp, "format": _DATE, "fallback": plain((span,))}


def _link(link: Link) -> Block:
    label = visible(link.label) or "…"
    if not link.url.startswith("https://") or len(link.url) > _MAX_URL:
        return _text_element(label, "bold")
    return {"type": "link", "url": link.url, "text": label}


def _text_element(text: str, style: str) -> Block:
    element: Block = {"type": "text", "text": text}
    return element if style == "plain" else {**element, "style": {style: True}}


# -- small type ----------------------------------------------------------------------------------------------


def _small(line: Line) -> Block:
    """A context block, which takes no rich text: foreign words are plain_text elements of it, our mentions
    and dates are mrkdwn elements of their own. With too many pieces for a context, ordinary type is used."""
    elements: list[Block] = []
    words = ""
    for span in line:
        own = _own_markup(span)
        if own is None:
            words += plain((span,))
            continue
        elements += [*_small_words(words), {"type": "mrkdwn", "text": own, "verbatim": True}]
        words = ""
    elements += _small_words(words)
    if len(elements) > _MAX_CONTEXT:
        return _rich([_section(line)])
    return {"type": "context", "elements": elements}


def _small_words(words: str) -> list[Block]:
    return [plain_text(words, 2_000)] if words.strip() else []


def _own_markup(span: Span) -> str | None:
    """The few things we write in mrkdwn ourselves; None for anything that holds foreign words."""
    match span:
        case Who() if _USER_ID.fullmatch(span.user):
            return f"<@{span.user}>"
        case Group() if span.usergroup and _USERGROUP_ID.fullmatch(span.usergroup):
            return f"<!subteam^{span.usergroup}>"
        case Moment():
            return f"<!date^{int(span.at.timestamp())}^{_DATE}|{plain((span,))}>"
        case _:
            return None


# -- buttons -------------------------------------------------------------------------------------------------


def _actions(buttons: Buttons) -> Block:
    value = button_value(buttons.lane, buttons.plan_hash)
    once: dict[ClickKind, Choice] = {}
    for choice in buttons.choices:
        once.setdefault(choice.click, choice)
    return {"type": "actions", "elements": [_button(choice, value) for choice in once.values()]}


def _button(choice: Choice, value: str) -> Block:
    label = choice.label.strip() or choice.click.value.title()
    button: Block = {
        "type": "button",
        "action_id": ACTIONS[choice.click],
        "text": plain_text(label, _MAX_BUTTON),
        "value": value,
    }
    if choice.look != "plain":
        button["style"] = choice.look
    if choice.confirm.strip():
        button["confirm"] = {
            "title": plain_text("Are you sure?", 100),
            "text": plain_text(choice.confirm, _MAX_CONFIRM),
            "confirm": plain_text(label, 30),
            "deny": plain_text("Not now", 30),
        }
    return button
