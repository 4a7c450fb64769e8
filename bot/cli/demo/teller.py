"""How the story looks on a terminal: who says what on the left, what it is on the right. Decides nothing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from rich.console import Console
from rich.text import Text

WIDTH = 100
_LEFT = 10
"""Columns on the left."""


def console() -> Console:
    """At most WIDTH wide. Not a terminal, or a dumb one: the same words without a single control character."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    plain = not sys.stdout.isatty() or os.environ.get("TERM", "") in ("", "dumb")
    return Console(
        highlight=False, markup=False, emoji=False,
        width=WIDTH if plain else min(WIDTH, shutil.get_terminal_size().columns),
        color_system=None if plain else "auto", force_terminal=False if plain else None,
    )  # fmt: skip


class Teller:
    """Prints as it is told, at once."""

    def __init__(self, out: Console) -> None:
        self.out = out

    def title(self, words: str) -> None:
        self.out.print(Text(words, "bold"))

    def line(self, words: str) -> None:
        self._rows(Text(), Text(words), indent=0)

    def named(self, name: str, words: str) -> None:
        """An address or a path, in one piece however long, with its name on the left."""
        self.out.print(Text().append(f"{name:<{_LEFT}}", "dim").append(words), soft_wrap=True)

    def ending(self, words: str) -> None:
        self.out.print()
        self.title(words)

    def step(self, number: int, title: str, caption: str) -> None:
        """A new chapter, and what to notice in it."""
        head = f"── {number}. {title} "
        self.out.print()
        self.out.print(Text(head + "─" * max(3, self.out.width - len(head)), "bold blue"))
        self._rows(Text(), Text(caption, "italic"), indent=0)
        self.out.print()

    def does(self, who: str, what: str) -> None:
        """A person types or presses something."""
        self._row(who, [Text(what, "bold")], "bold magenta")

    def private(self, who: str, lines: Sequence[Text]) -> None:
        """What only this person sees."""
        self._row(f"to {who}", lines, "yellow")

    def card(self, lines: Sequence[Text], *, update: bool = False) -> None:
        """A card; with `update` only the lines that are new on it."""
        head = "card, now" if update else "card"
        bars = ["│"] * len(lines) if update else ["┌", *["│"] * (len(lines) - 2), "└"]
        for number, (bar, line) in enumerate(zip(bars, lines, strict=False)):
            left = Text(f"{head if not number else '':<{_LEFT}}", "yellow").append(f"{bar} ", "dim")
            hanging = Text(" " * _LEFT).append("│ " if bar != "└" else "  ", "dim")
            self._rows(left, line, hanging=hanging)

    def reply(self, lines: Sequence[Text]) -> None:
        """A reply in the card's thread."""
        self._row("  thread", lines, "yellow")

    def happens(self, what: str) -> None:
        """Something nobody in Slack does."""
        self._row("!", [Text(what, "bold red")], "bold red")

    def truth(self, where: str, sentence: str) -> None:
        """What was looked up in a simulator, behind the bot's back."""
        self._row(where, [Text("✓ ", "bold green").append(sentence, "green")], "green")

    def wrong(self, sentence: str, log: Sequence[str] = ()) -> None:
        """What did not happen, and lines of the bot's log that may say why, as they stand there."""
        self.out.print()
        self._row("WRONG", [Text(sentence, "bold red")], "bold red")
        for line in log:
            self.out.print(Text(f"  {line}", "dim"), soft_wrap=True)

    def _row(self, left: str, lines: Sequence[Text], style: str = "") -> None:
        for number, line in enumerate(lines):
            self._rows(Text(f"{left if not number else '':<{_LEFT}}", style), line)

    def _rows(self, left: Text, line: Text, *, indent: int = _LEFT, hanging: Text | None = None) -> None:
        """`line` wrapped beside `left`; further rows begin with `hanging`, or as many blanks."""
        room = max(20, self.out.width - len(left))
        for number, part in enumerate(line.wrap(self.out, room)):
            row = Text().append_text(left if not number else hanging or Text(" " * indent)).append_text(part)
            row.rstrip()
            self.out.print(row, soft_wrap=True)
