"""Commands back into the text that means them: what the bot offers to copy, and the proof that the parser
loses nothing."""

from __future__ import annotations

import re
from typing import assert_never

from bot.domain.model import (
    Action,
    CancelCommand,
    Command,
    HelpCommand,
    ListCommand,
    RetryCommand,
    ShareCommand,
    StatusCommand,
    WhoCommand,
    WhyCommand,
)  # fmt: skip
from bot.domain.parse.durations import typed_duration
from bot.domain.parse.sharing import KEYWORDS, TO_WORDS, ending_duration, ends_in_an_option
from bot.domain.parse.typed import DASHES, escaped
from bot.domain.parse.words import QUOTES

_IN_QUOTES = re.compile("([" + re.escape(QUOTES + "\\") + "".join(DASHES) + "])")
_SIMPLE = re.compile(r"[^\W_][\w.:/@+()\[\]#'-]*")


def unparse(command: Command) -> str:
    """The text, as Slack would send it, that `parse` turns into this command, if `parse` can make this
    command at all and the text is not too long for it.

    >>> from bot.domain.parse.grammar import parse
    >>> unparse(parse("SHARE a  and “b c” with d —for 2 weeks"))
    'share a, "b c" to d for 14d'
    """
    match command:
        case ShareCommand():
            return _sharing(command)
        case StatusCommand():
            return "status" if command.request is None else f"status #{command.request}"
        case ListCommand():
            return f"list {command.which}"
        case WhoCommand():
            return f"who {_name(command.image)}"
        case WhyCommand():
            return f"why #{command.request}"
        case CancelCommand():
            return f"cancel #{command.request}"
        case RetryCommand():
            return f"retry #{command.request}"
        case HelpCommand():
            return "help" if command.topic is None else f"help {command.topic}"
        case _ as never:
            assert_never(never)


def _sharing(command: ShareCommand) -> str:
    parts = [
        str(command.action),
        _names(command.images),
        TO_WORDS[command.action][0],
        _names(command.projects),
    ]
    if command.dry_run:
        parts.append("--dry-run")
    if command.break_glass:
        parts.append("--break-glass")
    if command.duration is not None:
        parts.append(f"for {typed_duration(command.duration)}")
    if command.reason:
        parts.append(_reason(command))
    return " ".join(parts)


def _reason(command: ShareCommand) -> str:
    taken_for_a_length = command.action is Action.SHARE and command.duration is None
    if ends_in_an_option(command.reason) or (taken_for_a_length and ending_duration(command.reason)):
        return f"--reason {_quoted(command.reason)}"
    return f"because {escaped(command.reason)}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(_name(name) for name in names)


def _name(name: str) -> str:
    return name if _SIMPLE.fullmatch(name) and name.lower() not in KEYWORDS else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + escaped(_IN_QUOTES.sub(r"\\\1", text)) + '"'
