"""Typed text into one of the model's commands. Pure: whether the images and projects exist is found out
later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from bot.domain.errors import CommandError
from bot.domain.model import (
    Action,
    CancelCommand,
    Command,
    HelpCommand,
    ListCommand,
    RequestId,
    RetryCommand,
    StatusCommand,
    WhoCommand,
    WhyCommand,
)  # fmt: skip
from bot.domain.parse.nearest import suggest
from bot.domain.parse.references import IMAGE, reference, request_number
from bot.domain.parse.sharing import read_sharing
from bot.domain.parse.typed import decoded, shown, visible
from bot.domain.parse.usage import BY_WORD, NAMES, Usage
from bot.domain.parse.words import Reader, Word

LONGEST_TEXT = 8000
_WHICH: Mapping[str, Literal["mine", "open", "all"]] = {"mine": "mine", "open": "open", "all": "all"}
_COMMAND_WORD = re.compile(r"/[\w-]+")


def parse(text: str) -> Command:
    """The command that the text after the command word means; help for an empty text.

    References stay as typed (ids in lower case), without duplicates. The reason is kept word for word, in
    one line, with people, channels and links as plain words. Raises CommandError, and nothing else, for any
    other text.

    >>> parse("cancel #12")
    CancelCommand(request=12)
    """
    if len(decoded(text)) > LONGEST_TEXT:
        raise CommandError(
            f"The command has more than {LONGEST_TEXT} characters.",
            hint="Split it into several, or shorten the reason.",
        )
    reader = Reader(visible(text))
    word = reader.next()
    if word is not None and word.bare and _COMMAND_WORD.fullmatch(word.name):
        word = reader.next()  # the command word itself, typed once more or pasted from the documentation
    if word is None:
        return HelpCommand()
    usage = _usage(word)
    if usage.name in _SHARING:
        if _asks_for_help(reader.peek()):
            return HelpCommand(topic=usage.name)
        return read_sharing(reader, _SHARING[usage.name])
    words = _all(reader)
    if any(_asks_for_help(each) for each in words):
        return HelpCommand(topic=usage.name)
    return _READERS[usage.name](usage, words)


def _usage(word: Word) -> Usage:
    usage = BY_WORD.get(word.name.lower())
    if usage is not None and not word.token:
        return usage
    if re.fullmatch(r"#?[0-9]{1,18}", word.name):
        raise CommandError(
            f"What about request {shown(word.name)}?",
            hint="Type `status`, `why`, `cancel` or `retry` before the number.",
            suggestion=f"status #{word.name.lstrip('#')}",
        )
    near = suggest(word.name, BY_WORD)
    raise CommandError(
        f"{shown(word.name)} is not a sub-command.",
        hint=f"Sub-commands: {', '.join(NAMES)}.",
        suggestion=BY_WORD[near].name if near else "",
    )


def _all(reader: Reader) -> list[Word]:
    words = []
    while word := reader.next():
        words.append(word)
    return words


def _asks_for_help(word: Word | None) -> bool:
    return word is not None and word.is_option and word.name.lower() in ("-h", "--help")


def _at_most_one(usage: Usage, words: list[Word]) -> Word | None:
    if len(words) > 1:
        raise CommandError(
            f"{shown(words[1].name)} is one word too many.",
            hint=f"Type: {usage.synopsis} (a name with spaces goes in quotes)",
        )
    return words[0] if words else None


def _exactly_one(usage: Usage, words: list[Word], what: str) -> Word:
    word = _at_most_one(usage, words)
    if word is None:
        raise CommandError(f"`{usage.name}` needs {what}.", hint=f"Type: {usage.synopsis}")
    return word


def _read_status(usage: Usage, words: list[Word]) -> Command:
    word = _at_most_one(usage, words)
    return StatusCommand(request=None if word is None else request_number(word))


def _read_list(usage: Usage, words: list[Word]) -> Command:
    word = _at_most_one(usage, words)
    if word is None:
        return ListCommand()
    which = _WHICH.get(word.name.lower())
    if which is None:
        raise CommandError(
            f"{shown(word.name)} cannot be listed.",
            hint=f"Type: {usage.synopsis}",
            suggestion=suggest(word.name, _WHICH),
        )
    return ListCommand(which=which)


def _read_who(usage: Usage, words: list[Word]) -> Command:
    return WhoCommand(image=reference(_exactly_one(usage, words, "one image"), IMAGE))


def _number(usage: Usage, words: list[Word]) -> RequestId:
    return request_number(_exactly_one(usage, words, "the number of a request"))


def _read_why(usage: Usage, words: list[Word]) -> Command:
    return WhyCommand(request=_number(usage, words))


def _read_cancel(usage: Usage, words: list[Word]) -> Command:
    return CancelCommand(request=_number(usage, words))


def _read_retry(usage: Usage, words: list[Word]) -> Command:
    return RetryCommand(request=_number(usage, words))


def _read_help(usage: Usage, words: list[Word]) -> Command:
    word = _at_most_one(usage, words)
    return HelpCommand(topic=None if word is None else _usage(word).name)


_SHARING = {"share": Action.SHARE, "unshare": Action.UNSHARE}
_READERS: Mapping[str, Callable[[Usage, list[Word]], Command]] = {
    "status": _read_status,
    "list": _read_list,
    "who": _read_who,
    "why": _read_why,
    "cancel": _read_cancel,
    "retry": _read_retry,
    "help": _read_help,
}
