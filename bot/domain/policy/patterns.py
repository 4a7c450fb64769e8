"""Globs and regular expressions that cannot run away. A regular expression of the policy is weighed before it
is accepted: the number of ways the matcher could try is bounded from the pattern alone. Never matches a text
longer than MAX_TEXT.
"""

from __future__ import annotations

import re
import warnings
from fnmatch import translate
from functools import lru_cache

MAX_PATTERN = 200
"""Characters of a pattern."""
MAX_TEXT = 256
"""Characters of a text that is matched."""
MAX_WAYS = (MAX_TEXT + 1) ** 3
"""Ways the matcher may have to try at worst: three open repeats, or two when the pattern does not begin with
^."""

_ANY_CASE = "(?i)"
"""May stand in front: upper and lower case are the same."""
_ESCAPE_OR_SET = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")
_TOO_MANY = MAX_WAYS + 1


class _RefusedError(Exception):
    """Says in words what the pattern may not contain."""


def pattern_problem(pattern: str) -> str | None:
    """Why this regular expression is not accepted, in words; None when it is."""
    if len(pattern) > MAX_PATTERN:
        return f"a pattern of {len(pattern)} characters; at most {MAX_PATTERN} are allowed"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return f"{pattern!r} is no regular expression: {error}"
    try:
        ways = _Weigher(pattern.removeprefix(_ANY_CASE)).ways()
    except _RefusedError as error:
        return f"{pattern!r} contains {error}, which is not allowed"
    if ways > MAX_WAYS:
        return f"{pattern!r} has too many repeats or choices inside each other, which could take for ever"
    return None


def glob_problem(pattern: str) -> str | None:
    """Why this glob is not accepted, in words; None when it is."""
    if not pattern or len(pattern) > MAX_PATTERN:
        return f"a glob of {len(pattern)} characters; 1 to {MAX_PATTERN} are allowed"
    return None


@lru_cache(maxsize=4096)
def found(pattern: str, text: str) -> bool | None:
    """Whether the regular expression matches anywhere in `text`; None when `text` is too long to tell."""
    return None if len(text) > MAX_TEXT else _compiled(pattern).search(text) is not None


def fits(glob: str, text: str) -> bool | None:
    """Whether the glob describes all of `text`, case and all; None when `text` is too long to tell."""
    return None if len(text) > MAX_TEXT else _compiled_glob(glob).match(text) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=512)
def _compiled_glob(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


class _Weigher:
    """Counts the ways a backtracking matcher could walk through a valid pattern, as an upper bound.

    One after the other multiplies, alternatives add, a repeat adds up the powers of what it repeats. So a
    repeat of something that can itself match in two ways, the classic catastrophe, is over any limit at once.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def ways(self) -> int:
        start = 1 if self._pattern.startswith(("^", "\\A")) and "|" not in self._top_level() else MAX_TEXT + 1
        return self._limited(start * self._alternatives())

    def _top_level(self) -> str:
        """The characters outside of all round brackets. Those in a set are no brackets and no choice."""
        depth, outside = 0, []
        for char in _ESCAPE_OR_SET.sub("", self._pattern):
            depth += {"(": 1, ")": -1}.get(char, 0)
            outside.append(char if depth <= 0 else "")
        return "".join(outside)

    def _peek(self, length: int = 1) -> str:
        return self._pattern[self._at : self._at + length]

    def _alternatives(self) -> int:
        ways = self._sequence()
        while self._peek() == "|":
            self._at += 1
            ways = self._limited(ways + self._sequence())
        return ways

    def _sequence(self) -> int:
        ways = 1
        while self._peek() not in ("", "|", ")"):
            ways = self._limited(ways * self._repeat(self._atom()))
        return ways

    def _atom(self) -> int:
        char = self._peek()
        self._at += 1
        if char == "(":
            return self._group()
        if char == "[":
            self._set()
        if char == "\\":
            if self._peek().isdigit() and self._peek() != "0":
                raise _RefusedError("a back-reference")
            self._at += 1
        return 1

    def _group(self) -> int:
        if self._peek() == "?":
            named = re.compile(r"\?P<\w+>|\?:").match(self._pattern, self._at)
            if not named:
                raise _RefusedError(f"({self._peek(2)}")
            self._at = named.end()
        ways = self._alternatives()
        self._at += 1
        return ways

    def _set(self) -> None:
        self._at += self._peek() == "^"
        self._at += self._peek() == "]"
        while self._peek() not in ("", "]"):
            self._at += 2 if self._peek() == "\\" else 1
        self._at += 1

    def _repeat(self, ways: int) -> int:
        least, most = self._bounds()
        self._at += least != most and self._peek() in ("?", "+")
        if most > MAX_TEXT:
            raise _RefusedError(f"a repeat of more than {MAX_TEXT} times")
        if ways == 1:
            return most - least + 1
        total = 0
        for times in range(least, most + 1):
            total = self._limited(total + ways**times)
            if total == _TOO_MANY:
                break
        return total

    def _bounds(self) -> tuple[int, int]:
        simple = {"*": (0, MAX_TEXT), "+": (1, MAX_TEXT), "?": (0, 1)}.get(self._peek())
        if simple:
            self._at += 1
            return simple
        counted = _COUNTED.match(self._pattern, self._at)
        if not counted or counted[0] == "{}":
            return 1, 1
        self._at = counted.end()
        least = int(counted[1] or 0)
        most = least if not counted[2] else int(counted[3] or max(MAX_TEXT, least))
        return least, most

    @staticmethod
    def _limited(ways: int) -> int:
        return min(ways, _TOO_MANY)
