"""A message made to fit Slack's limits before it is drawn: what does not fit is left out from the end and
counted ("… and 31 more"), and buttons go last. Lives here: what is left out. Pure.

Limits: https://docs.slack.dev/reference/block-kit (50 blocks, header 150, section text 3000). The total is
kept under what makes chat.postMessage answer msg_blocks_too_long.
"""

from __future__ import annotations

from dataclasses import replace

from bot.adapters.slack.literal import shortened, visible
from bot.domain.notices import (
    Bullets,
    Buttons,
    Divider,
    Group,
    Heading,
    Line,
    Link,
    Moment,
    Paragraph,
    Part,
    Small,
    Span,
    Text,
    Who,
)

MAX_BLOCKS = 50
MAX_HEADING = 150
MAX_BULLETS = 50
MAX_CHARS = 12_000
_PART_CHARS = (3_000, 1_500, 750, 300, 200)
_MENTION_CHARS = 20


def fitted(parts: tuple[Part, ...], *, room: int = MAX_BLOCKS) -> tuple[Part, ...]:
    """At most `room` parts within the limits, in the same order, nothing empty; the last says how many
    were left out."""
    if _is_one_short_line(parts):
        return parts
    cleaned = [clean for part in parts if (clean := _cleaned(part)) is not None]
    kept = _within(cleaned, room)
    for cap in _PART_CHARS:
        short = tuple(_capped(part, cap) for part in kept)
        if sum(_part_chars(part) for part in short) <= MAX_CHARS:
            break
    return short


def _is_one_short_line(parts: tuple[Part, ...]) -> bool:
    """Nothing to do for these, and most acknowledgements are: people wait for them."""
    match parts:
        case (Paragraph(line=(Text(text=text),)),):
            return (
                len(text) <= _PART_CHARS[-1] and bool(text.strip()) and text.isascii() and text.isprintable()
            )
        case _:
            return False


def plain(line: Line) -> str:
    """The line as bare words."""
    return "".join(_span_words(span) for span in line)


def _span_words(span: Span) -> str:
    match span:
        case Text():
            return visible(span.text)
        case Who():
            return f"@{visible(span.user)}"
        case Group():
            return visible(span.name)
        case Link():
            return visible(span.label)
        case Moment():
            return f"{span.at:%Y-%m-%d %H:%M %Z}".strip()


# -- nothing empty, nothing hidden ---------------------------------------------------------------------------


def _cleaned(part: Part) -> Part | None:
    match part:
        case Heading():
            text = shortened(visible(part.text).strip(), MAX_HEADING)
            return Heading(text) if text else None
        case Paragraph() | Small():
            line = _clean_line(part.line)
            return replace(part, line=line) if line else None
        case Bullets():
            lines = tuple(line for one in part.lines if (line := _clean_line(one)))
            return Bullets(lines) if lines else None
        case Buttons():
            return part if part.choices else None
        case Divider():
            return part


def _clean_line(line: Line) -> Line:
    spans = tuple(replace(span, text=visible(span.text)) if isinstance(span, Text) else span for span in line)
    full = tuple(span for span in spans if not isinstance(span, Text) or span.text)
    return full if plain(full).strip() else ()


# -- not too many --------------------------------------------------------------------------------------------


def _within(parts: list[Part], room: int) -> tuple[Part, ...]:
    if len(parts) <= room:
        return tuple(parts)
    kept, target = list(parts), room - 1
    for turn in range(4):
        for index in reversed(range(len(kept))):
            if len(kept) <= target:
                break
            if _goes(kept, index, turn):
                del kept[index]
    missing = len([p for p in parts if not isinstance(p, Divider)]) - len(
        [p for p in kept if not isinstance(p, Divider)]
    )
    if missing:
        kept.append(Small((Text(f"… and {missing} more that do not fit into one message"),)))
    return tuple(kept)


def _goes(parts: list[Part], index: int, turn: int) -> bool:
    """Dividers go first, then small type, then text that does not stand right above buttons. Only when
    even that is not enough do buttons go, from the end and with their text: nobody is to approve what is
    not shown."""
    part = parts[index]
    above_buttons = index + 1 < len(parts) and isinstance(parts[index + 1], Buttons)
    match turn:
        case 0:
            return isinstance(part, Divider)
        case 1:
            return isinstance(part, Small)
        case 2:
            return not isinstance(part, Buttons) and not above_buttons
        case _:
            return True


# -- not too long --------------------------------------------------------------------------------------------


def _capped(part: Part, cap: int) -> Part:
    match part:
        case Paragraph() | Small():
            return replace(part, line=_short_line(part.line, cap))
        case Bullets():
            return Bullets(_short_bullets(part.lines, cap))
        case _:
            return part


def _short_bullets(lines: tuple[Line, ...], cap: int) -> tuple[Line, ...]:
    kept: list[Line] = []
    room = cap
    for line in lines[:MAX_BULLETS]:
        short = _short_line(line, cap // 2)
        room -= _chars(short)
        if room < 0 and kept:
            break
        kept.append(short)
    missing = len(lines) - len(kept)
    return (*kept, (Text(f"… and {missing} more"),)) if missing else tuple(kept)


def _short_line(line: Line, cap: int) -> Line:
    if _chars(line) <= cap:
        return line
    kept: list[Span] = []
    room = cap
    for span in line:
        if _chars((span,)) > room:
            kept.append(
                replace(span, text=shortened(span.text, room)) if isinstance(span, Text) else Text("…")
            )
            break
        kept.append(span)
        room -= _chars((span,))
    return tuple(span for span in kept if not isinstance(span, Text) or span.text)


def _chars(line: Line) -> int:
    return sum(len(span.text) if isinstance(span, Text) else _MENTION_CHARS for span in line)


def _part_chars(part: Part) -> int:
    match part:
        case Heading():
            return len(part.text)
        case Paragraph() | Small():
            return _chars(part.line)
        case Bullets():
            return sum(_chars(line) for line in part.lines)
        case _:
            return 0
