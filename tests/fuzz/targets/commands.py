"""The grammar of typed commands: any text is a command or a refusal in words, what comes out can be typed again, and the work
grows no faster than the text."""

from __future__ import annotations

import sys
from collections.abc import Callable
from hashlib import sha256
from types import FrameType
from typing import Any

from bot.domain.errors import CommandError
from bot.domain.model import Command, HelpCommand
from bot.domain.parse import USAGES, parse, unparse
from bot.domain.parse.grammar import LONGEST_TEXT
from bot.domain.wording import replies
from tests.fuzz.draw import text_of
from tests.fuzz.target import Judge, Target, broken

STEPS_AT_LEAST, STEPS_A_CHARACTER = 4_000, 24
"""Python calls that one text may cost: a constant, and so many for each of its characters. Measured: the dearest text known
costs a fourth of this."""
MEDIUM_TEXT = 800
"""Characters to which a text is repeated when its steps are not counted."""


def judge_of(
    parse: Callable[[str], Command] = parse,
    unparse: Callable[[Command], str] = unparse,
    count_one_in: int = 16,
) -> Judge:
    """The judge of a grammar. The steps of one input in so many are counted, since counting takes longer than reading."""

    def judge(data: bytes) -> None:
        counted = sha256(data).digest()[0] % count_one_in == 0
        amplified, text = data[:1] == b"\xff", text_of(data[1:] if data[:1] == b"\xff" else data)
        if amplified and text:
            length = LONGEST_TEXT if counted else MEDIUM_TEXT
            text = (text * (length // len(text) + 1))[:length]
        steps = _Steps()
        command = steps.count(lambda: _read(parse, text)) if counted else _read(parse, text)
        allowed = STEPS_AT_LEAST + STEPS_A_CHARACTER * len(text)
        if steps.taken > allowed:
            broken(f"{steps.taken} steps for {len(text)} characters; {allowed} are allowed")
        _come_back(command, parse, unparse)

    return judge


def _read(parse: Callable[[str], Command], text: str) -> Command:
    try:
        return parse(text)
    except CommandError as error:
        if not error.message.strip():
            broken("a refusal without a word")
        if not replies.not_understood(error, "/image").text.strip():
            broken("a refusal that is answered without a word")
        return HelpCommand()


def _come_back(command: Command, parse: Callable[[str], Command], unparse: Callable[[Command], str]) -> None:
    written = unparse(command)
    if len(written) > LONGEST_TEXT:
        return  # more characters than can be typed, as quotes and escapes were added
    again = parse(written)
    if again != command:
        broken(f"{command} is written as {written!r}, which is read as {again}")
    if unparse(again) != written:
        broken(f"{written!r} is written as {unparse(again)!r} the second time")


class _Steps:
    """Counts calls of Python functions: the same on every machine, however busy it is."""

    def __init__(self) -> None:
        self.taken = 0

    def count(self, work: Callable[[], Command]) -> Command:
        sys.setprofile(self._step)
        try:
            return work()
        finally:
            sys.setprofile(None)

    def _step(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            self.taken += 1


TARGET = Target(
    name="commands",
    promise="any text is a command or a refusal in words; a command written out is read back as itself; linear work",
    make=judge_of,
    tokens=(
        *(usage.name for usage in USAGES),
        *(
            "share a to b",
            "unshare a from b",
            " to ",
            " from ",
            " for ",
            "30d",
            "2 weeks",
            " because ",
            " --reason ",
        ),
        *(
            "--dry-run",
            "--break-glass",
            "--for=",
            " and ",
            "&",
            "#12",
            "<@U1|x>",
            "<!here>",
            "<#C1|x>",
            "&lt;",
            "&amp;",
        ),
        *(
            "<https://e.example|l>",
            "“",
            "”",
            "’",
            "«",
            "—",
            "–",
            "\\",
            '"',
            "'",
            "`",
            ",",
            ";",
            "\u200b",
            "\u200d",
            "\u202e",
        ),
        *("/image", "-h", "--help", "an hour", "d164b5df-1bc3-4c3f-893e-3e471fd16e64", "\u0301", "٣"),
    ),
    weight=4,
)
