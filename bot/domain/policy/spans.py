"""Lengths of time as people write them: "90s", "30m", "24h", "30d", "2w", or joined as in "1d12h". Never a
clock."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:[0-9]{1,6}[wdhms]){1,5}")
_PART = re.compile(r"([0-9]{1,6})([wdhms])")

MAX_SPAN = timedelta(days=3650)
"""Longer is surely a slip of the pen."""


def read_span(text: str) -> timedelta | None:
    """The length of time `text` means; None when it is not one, is zero, or is longer than MAX_SPAN.

    >>> read_span("1d12h")
    datetime.timedelta(days=1, seconds=43200)
    """
    text = text.strip().lower()
    if not _SPAN.fullmatch(text):
        return None
    parts = _PART.findall(text)
    units = [unit for _, unit in parts]
    if len(set(units)) != len(units):
        return None
    span = timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    return span if timedelta(0) < span <= MAX_SPAN else None


def span_in_words(span: timedelta) -> str:
    """`span` as it would be written in the file or in a command, in days, hours, minutes and seconds."""
    seconds = int(span.total_seconds())
    if seconds <= 0:
        return "0s"
    words = []
    for unit in "dhms":
        number, seconds = divmod(seconds, _UNITS[unit])
        if number:
            words.append(f"{number}{unit}")
    return "".join(words)
