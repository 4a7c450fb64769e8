"""Bytes as a string of choices: what the fuzzer mutates becomes values of any shape. The same bytes always give the same
values, and when they are used up every choice is the first and every text empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

HOSTILE_TEXTS = (
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202egnp",
    "<!channel>",
    "<@U0EVE|x>",
    "&lt;!here&gt;",
    "*bold* `code` ~no~",
    "a\nb\r\nc\u2028d",
    "e" + "\u0301" * 40,
    "x" * 3_000,
    "'; drop table lanes; --",
    "../../etc/passwd",
    "{0} {x!r} %s %n",
    "٣٤٥",
    "1e309",
    "NaN",
    "true",
    "null",
)
HOSTILE_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    (),
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"id": None},
    {"id": {}, "team_id": []},
    [1, "a", None],
)


class Source:
    """Choices out of bytes, from left to right."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """How many bytes are not used yet."""
        return len(self._data) - self._at

    def byte(self) -> int:
        """0 to 255; 0 at the end."""
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def integer(self, least: int, most: int) -> int:
        """Between both, both included; out of as many bytes as the span needs."""
        span, value = most - least + 1, 0
        for _ in range(max(1, (span.bit_length() + 7) // 8)):
            value = value << 8 | self.byte()
        return least + value % span

    def flag(self) -> bool:
        return self.byte() % 2 == 1

    def choose(self, among: Sequence[T]) -> T:
        """One of them; the first at the end."""
        return among[self.integer(0, len(among) - 1)]

    def some(self, draw: Callable[[], T], most: int) -> list[T]:
        """Up to `most`, none at the end."""
        return [draw() for _ in range(self.integer(0, most)) if self.left]

    def chunk(self, most: int = 255) -> bytes:
        """As many bytes as the next one says."""
        length = min(self.byte(), most, self.left)
        self._at += length
        return self._data[self._at - length : self._at]

    def rest(self) -> bytes:
        """All that is left."""
        self._at, begin = len(self._data), self._at
        return self._data[begin:]

    def text(self, most: int = 60) -> str:
        """Anything a text can be: typed, foreign, hostile, with lone surrogates."""
        if self.byte() % 4 == 3:
            return self.choose(HOSTILE_TEXTS)
        return text_of(self.chunk(most))

    def value(self, depth: int = 2) -> Any:
        """Anything JSON can say."""
        kind = self.byte() % (6 if depth else 4)
        if kind == 5:
            return {self.text(8): self.value(depth - 1) for _ in range(self.byte() % 4)}
        if kind == 4:
            return [self.value(depth - 1) for _ in range(self.byte() % 4)]
        return self.choose(HOSTILE_VALUES) if kind == 3 else self.text()


def exchanged(value: Any, source: Source, words: Sequence[str]) -> Any:
    """The value with one piece of it left out, repeated, or exchanged for one of the words or for anything else."""
    if isinstance(value, dict) and value and source.left:
        key = source.choose(sorted(value))
        if source.byte() % 5 == 4:
            return {name: one for name, one in value.items() if name != key}
        return value | {key: exchanged(value[key], source, words)}
    if isinstance(value, list) and value and source.left:
        at = source.integer(0, len(value) - 1)
        several = [exchanged(value[at], source, words)] * (1 + source.byte() % 3)
        return [*value[:at], *several, *value[at + 1 :]]
    kind = source.byte() % 3
    return (
        source.choose(words) if kind == 0 else source.choose(HOSTILE_VALUES) if kind == 1 else source.value()
    )


def text_of(data: bytes) -> str:
    """Every byte string as a text: UTF-8 where it is, surrogates and all."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape") if data[:1] > b"\x7f" else data.decode("latin-1")
