"""Typed text cut into words, one at a time: quotes, back-slashes, commas, options. Never: what a word
means.

One at a time, because the reason after `because` is not made of words: whoever meets that word asks for the
rest as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.domain.errors import CommandError
from bot.domain.parse import typed

_DOUBLE, _SINGLE, _TICK = '"“”„‟«»', "'‘’‚‛‹›", "`"
QUOTES = _DOUBLE + _TICK
"""Quotes that begin a quoted run anywhere; single ones only at the start of a word, for they are
apostrophes too."""
SEPARATORS = " ,;，、"

_PIECE = re.compile(
    rf"(?P<slack>{typed.TOKEN})|(?P<entity>{typed.ENTITY})|\\(?P<escape>{typed.ENTITY}|[^<])"
    rf"|(?P<separator>[{SEPARATORS}])|(?P<quote>[{_DOUBLE}{_SINGLE}{_TICK}])"
    rf"|(?P<plain>[^<&\\{SEPARATORS}{_DOUBLE}{_SINGLE}{_TICK}]+|.)",
    re.DOTALL,
)
_ORDINARY = re.compile(
    rf"[{SEPARATORS}]*((?:(?![<&\\{SEPARATORS}{_DOUBLE}{_SINGLE}{_TICK}])[!-~])+)(?=[{SEPARATORS}]|\Z)"
)
"""A whole word in which nothing has a meaning of its own. Most are: they need not be looked at piece by piece."""


class Word(NamedTuple):
    """One word: `name` is what it means as a name or keyword, `verbatim` what was typed, both without
    quotes. A tuple, because a command makes a dozen of them while somebody waits."""

    name: str
    verbatim: str
    bare: bool
    """Neither quoted nor escaped in any part: only such a word can be a keyword."""
    opens_bare: bool
    """Its first character is neither quoted nor escaped: only such a word can be an option."""
    token: str = ""
    """The first Slack token inside, as sent; empty when there is none."""

    @property
    def keyword(self) -> str:
        """The word in lower case if it may be a keyword, else empty."""
        return self.name.lower() if self.bare else ""

    @property
    def is_option(self) -> bool:
        return self.opens_bare and self.name.startswith("-")


@dataclass
class _Making:
    """A word being read."""

    name: list[str] = field(default_factory=list)
    verbatim: list[str] = field(default_factory=list)
    bare: bool = True
    opens_bare: bool = True
    token: str = ""
    quote: str = ""
    """The quote that is open now."""
    quote_at: int = 0

    def add(self, name: str, verbatim: str | None = None) -> None:
        self.name.append(name)
        self.verbatim.append(name if verbatim is None else verbatim)

    def mark_not_bare(self) -> None:
        if not self.verbatim:
            self.opens_bare = False
        self.bare = False

    def add_token(self, token: str) -> None:
        name = typed.typed_name(token)
        if name is None:
            self.token = self.token or token
        self.add(typed.plain(token) if name is None else name, typed.plain(token))

    def may_open(self, quote: str) -> bool:
        return quote in QUOTES or not self.verbatim or self.verbatim[-1].endswith("=")

    def word(self) -> Word:
        name = typed.as_name("".join(self.name)).strip()
        return Word(
            name=name,
            verbatim="".join(self.verbatim),
            bare=self.bare,
            opens_bare=self.opens_bare,
            token=self.token,
        )


class Reader:
    """Words from left to right out of visible text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def next(self) -> Word | None:
        """The next word, or None at the end. Raises CommandError for a quote that is never closed."""
        while True:
            word = self._read()
            if word is None or word.verbatim or word.token or not word.bare:
                return word

    def peek(self) -> Word | None:
        """The next word, which stays the next. Raises as `next`."""
        at = self._at
        word = self.next()
        self._at = at
        return word

    def rest(self) -> str:
        """Everything not yet read, as Slack sent it. The end is reached."""
        rest, self._at = self._text[self._at :], len(self._text)
        return rest

    def _read(self) -> Word | None:
        if ordinary := _ORDINARY.match(self._text, self._at):
            self._at = ordinary.end()
            name = ordinary[1]
            return Word(name, name, bare=True, opens_bare=True)
        while self._at < len(self._text) and self._text[self._at] in SEPARATORS:
            self._at += 1
        if self._at == len(self._text):
            return None
        making = _Making()
        while self._at < len(self._text):
            piece = _PIECE.match(self._text, self._at)
            assert piece is not None
            if piece["separator"] and not making.quote:
                break
            self._at = piece.end()
            self._take(making, piece)
        if making.quote:
            raise self._unbalanced(making)
        return making.word()

    def _take(self, making: _Making, piece: re.Match[str]) -> None:
        if piece["slack"]:
            making.add_token(piece["slack"])
        elif piece["escape"]:
            making.mark_not_bare()
            making.add(typed.decoded(piece["escape"]))
        elif piece["quote"]:
            self._take_quote(making, piece["quote"], piece.start())
        else:
            text = typed.decoded(piece[0])
            making.add(typed.with_hyphens(text), text)

    def _take_quote(self, making: _Making, quote: str, at: int) -> None:
        if making.quote and self._closes(making.quote, quote):
            making.quote = ""
        elif not making.quote and making.may_open(quote):
            making.mark_not_bare()
            making.quote, making.quote_at = quote, at
        else:
            making.add(quote)

    def _closes(self, opened: str, quote: str) -> bool:
        if opened in _SINGLE:
            ends_word = self._at == len(self._text) or self._text[self._at] in SEPARATORS
            return quote in _SINGLE and ends_word
        return quote in (_DOUBLE if opened in _DOUBLE else _TICK)

    def _unbalanced(self, making: _Making) -> CommandError:
        before = typed.plain(self._text[: making.quote_at])
        after = typed.plain(self._text[making.quote_at + 1 :])
        return CommandError(
            f"The quote {making.quote} at character {len(before) + 1}, before {typed.shown(after, 20)}, "
            "is never closed.",
            hint="Close it, or put a back-slash before it if it belongs to the name.",
        )
