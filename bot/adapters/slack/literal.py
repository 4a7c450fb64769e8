"""Foreign text made harmless: what people typed and what the cloud named is shown literally, so that it can
neither mention anybody nor change the look of a card. Lives here: characters and escaping. Blocks are drawn
in `blocks`.

Follows https://docs.slack.dev/messaging/formatting-message-text (three characters are escaped: & < >).
"""

from __future__ import annotations

import unicodedata

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters that draw nothing: two different names could look the same."""

_MARKUP = str.maketrans({"*": "∗", "_": "＿", "~": "∼", "`": "ˋ", ":": "∶"})
"""Look-alikes for what mrkdwn gives a meaning to. Only for the bare text shown where blocks were refused."""

_MARKS_IN_A_ROW = 3
_JOINERS = "\u200c\u200d"


def visible(text: str, *, newlines: bool = False) -> str:
    """`text` with nothing hidden in it: direction controls, zero-width and blank characters appear as
    `[U+202E]`, every line break as ⏎ (unless `newlines`), other control characters and odd spaces as a space,
    lone surrogates as U+FFFD.

    >>> visible("ubuntu" + chr(0x202E) + "24")
    'ubuntu[U+202E]24'
    """
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    whole = text.replace("\r\n", "\n")
    for index, char in enumerate(whole):
        marks = marks + 1 if unicodedata.combining(char) else 0
        if char in _JOINERS and _spells(whole[index - 1 : index]) and _spells(whole[index + 1 : index + 2]):
            out.append(char)
        elif marks <= _MARKS_IN_A_ROW:
            out.append(_shown(char, newlines))
    return "".join(out)


def _spells(neighbour: str) -> bool:
    """Whether a joiner beside this character is spelling (some scripts, composed emoji) and not a trick."""
    return bool(neighbour) and unicodedata.category(neighbour) in ("Lo", "Mn", "Mc", "So", "Sk")


def _shown(char: str, newlines: bool) -> str:
    if char in "\n\r\u2028\u2029\x0b\x0c\x85":
        return "\n" if newlines else " ⏎ "
    category = unicodedata.category(char)
    if category == "Cf" or char in _BLANK_LETTERS:
        return f"[U+{ord(char):04X}]"
    if category in ("Cc", "Zs"):
        return " "
    return "\ufffd" if category == "Cs" else char


def escaped(text: str) -> str:
    """`text` so that Slack reads no mention, link or date out of it."""
    return text.translate(_ESCAPES)


def bare(text: str, limit: int) -> str:
    """Escaped, and without any meaning in mrkdwn either: for the one place where text stands without
    blocks."""
    return shortened_escaped(text.translate(_MARKUP), limit)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis when something is missing."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def shortened_escaped(text: str, limit: int) -> str:
    """`escaped` in at most `limit` characters, no entity cut in two."""
    whole = escaped(text)
    if len(whole) <= limit:
        return whole
    kept, room = [], limit - 1
    for char in text:
        piece = escaped(char)
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + "…"
