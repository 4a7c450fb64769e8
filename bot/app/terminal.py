"""Foreign text on an operator's screen: names from the cloud, typed commands and errors must not move the cursor, change
colours, forge a line or turn the direction of reading."""

from __future__ import annotations

import unicodedata
from typing import Any

_SILENT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of characters that act and show nothing: controls, formats (the directions of bidirectional text among
them), halves of pairs, separators of lines and paragraphs. https://www.unicode.org/reports/tr44/#General_Category_Values"""


def printable(text: str) -> str:
    """The text as one line, with each character that acts instead of showing written out, such as \\x1b."""
    if text.isprintable():
        return text
    return "".join(_escaped(one) if unicodedata.category(one) in _SILENT else one for one in text)


def printable_lines(text: str) -> str:
    """As `printable`, but a line break stays one and a tab a tab: for text whose lines are ours."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def printable_values(value: Any) -> Any:
    """A plain value (of dicts, lists and texts) whose every text is `printable`."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: printable_values(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable_values(inner) for inner in value]
    return value


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
