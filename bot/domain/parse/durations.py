"""How long a share lasts: from typed words and into words."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.domain.errors import CommandError
from bot.domain.parse.typed import shown

SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=366)

_MINUTES = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), 24 * 60),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 7 * 24 * 60),
}
_UNEVEN = {
    **dict.fromkeys(("mo", "mos", "mon", "month", "months"), 30),
    **dict.fromkeys(("q", "quarter", "quarters"), 90),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 365),
}
"""Units without one length, with the days somebody most likely means."""
_PART = re.compile(r"([0-9]+)\s*([a-z]+)\s*")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.IGNORECASE)
_HINT = "Write a whole number of hours, days or weeks: `for 12h`, `for 30d`, `for 2w`; or leave `for` out."


def parse_duration(text: str) -> timedelta:
    """The length of time that `30d`, `2 weeks` or `1d12h` means. Raises CommandError when it means none, or
    one shorter than an hour or longer than 366 days."""
    lower = text.strip().lower()
    if not _WHOLE.fullmatch(lower):
        raise _not_a_duration(lower)
    minutes = sum(_minutes(number, unit) for number, unit in _PART.findall(lower))
    if minutes < SHORTEST.total_seconds() / 60:
        hint = f"`m` means minutes. {_HINT}" if re.search(r"[0-9]\s*m", lower) else _HINT
        raise CommandError(f"{shown(lower)} is too short: a share lasts at least 1 hour.", hint=hint)
    if minutes > LONGEST.total_seconds() / 60:
        raise CommandError(
            f"{shown(lower)} is too long: a share lasts at most 366 days.", hint=_HINT, suggestion="366d"
        )
    return timedelta(minutes=minutes)


def is_duration_like(text: str) -> bool:
    """Whether the words are a number and a unit of time, allowed or not."""
    lower = text.strip().lower()
    return bool(_WHOLE.fullmatch(lower)) and all(
        u in _MINUTES or u in _UNEVEN for _, u in _PART.findall(lower)
    )


def is_unit(word: str) -> bool:
    return word in _MINUTES or word in _UNEVEN


def duration_in_words(length: timedelta) -> str:
    """The length in days, hours, minutes and seconds, such as "30 days" or "1 day 12 hours".

    >>> duration_in_words(timedelta(weeks=2, minutes=90))
    '14 days 1 hour 30 minutes'
    """
    seconds = max(0, length.days * 86400 + length.seconds)
    parts = []
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "0 minutes"


def typed_duration(length: timedelta) -> str:
    """The length as one would type it after `for`, such as "30d" or "1d12h"."""
    minutes = int(length.total_seconds()) // 60
    parts = []
    for size, unit in ((1440, "d"), (60, "h"), (1, "m")):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def _minutes(number: str, unit: str) -> int:
    count = int(number.lstrip("0")[:9] or 0)  # nine digits are too long in any unit
    if unit in _UNEVEN:
        days = min(count * _UNEVEN[unit], LONGEST.days)
        raise CommandError(
            f"{shown(number + ' ' + unit)} has no fixed length.",
            hint=f"Say it in days: `for {days}d`.",
            suggestion=f"{days}d",
        )
    if unit not in _MINUTES:
        raise _not_a_duration(f"{number}{unit}")
    return count * _MINUTES[unit]


def _not_a_duration(text: str) -> CommandError:
    bare_number = re.fullmatch(r"[0-9]{1,3}", text)
    return CommandError(
        f"{shown(text)} is not a length of time{': the unit is missing' if bare_number else ''}.",
        hint=_HINT,
        suggestion=f"{text}d" if bare_number else "",
    )
