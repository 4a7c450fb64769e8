"""A text that a pattern matches, made from the pattern alone, so that a policy can be tried without anybody's real
names. None where it cannot be told quickly."""

from __future__ import annotations

import re

from bot.domain.policy.patterns import fits, found

_CLASSES = {
    "d": "0",
    "w": "a",
    "s": " ",
    "D": "a",
    "W": "-",
    "S": "a",
    "n": "\n",
    "t": "\t",
    "b": "",
    "B": "",
    "A": "",
    "Z": "",
}
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_REPEAT = re.compile(r"[*+?]|\{(\d*),?\d*\}")
_GROUP = re.compile(r"\?P<\w+>|\?:")
_CANDIDATES = "a0A-_. /Bb19zZ"


def glob_sample(glob: str) -> str | None:
    """The shortest text the glob describes, near enough."""
    text = _SET.sub(lambda found: _member(found[0], "[!"), glob).replace("?", "x").replace("*", "x")
    return text if fits(glob, text) else None


def regex_sample(pattern: str) -> str | None:
    """A short text the accepted regular expression matches."""
    text = _Sampler(pattern.removeprefix("(?i)")).alternatives()
    return text if found(pattern, text) else None


def _member(charset: str, negated: str = "[^") -> str:
    """A character of a set in square brackets."""
    regex = "[^" + charset[2:] if charset.startswith(negated) else charset
    return next((char for char in _CANDIDATES + charset if re.fullmatch(regex, char)), "a")


class _Sampler:
    """Walks through a valid pattern, always by the first alternative and the least repeats."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0

    def alternatives(self) -> str:
        first = self._sequence()
        while self._peek() == "|":
            self._at += 1
            self._sequence()
        return first

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _sequence(self) -> str:
        text = ""
        while self._peek() not in ("", "|", ")"):
            atom = self._atom()
            repeat = _REPEAT.match(self._pattern, self._at)
            times = 1
            if repeat:
                self._at = repeat.end() + (self._pattern[repeat.end() : repeat.end() + 1] in ("?", "+"))
                times = int(repeat[1] or 0) if repeat[0].startswith("{") else int(repeat[0] == "+")
            text += atom * times
        return text

    def _atom(self) -> str:
        char = self._peek()
        charset = _SET.match(self._pattern, self._at) if char == "[" else None
        self._at = charset.end() if charset else self._at + 1
        if charset:
            return _member(charset[0])
        if char == "(":
            return self._group()
        if char == "\\":
            escaped = self._peek()
            self._at += 1
            return _CLASSES.get(escaped, escaped)
        return {"^": "", "$": "", ".": "x"}.get(char, char)

    def _group(self) -> str:
        special = _GROUP.match(self._pattern, self._at)
        if special:
            self._at = special.end()
        text = self.alternatives()
        self._at += 1
        return text
