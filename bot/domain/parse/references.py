"""References to images, projects and requests, checked for their form. Whether they exist is for the cloud
and the register.

Forms of ids: image a UUID, project 32 hex digits (Huawei Cloud IMS API reference, "Adding Image Sharing
Members").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.errors import CommandError
from bot.domain.model import RequestId
from bot.domain.parse.typed import shown, token_kind
from bot.domain.parse.words import Word

LONGEST_NAME = 128
_IMAGE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PROJECT_ID = re.compile(r"[0-9a-f]{32}")
_UUID_BEGINNING = re.compile(r"[0-9a-f]{8}-[0-9a-f]{1,4}(?:-[0-9a-f]*)*")
_UUID_SHAPE = re.compile(r"\w{8}(?:-\w{4}){3}-\w{12}")
_HEX = re.compile(r"[0-9a-f]+")
_NOT_HEX = re.compile(r"[^0-9a-f-]")
_SLIPS = 4
"""So many wrong characters an id may have and still be taken for one."""


@dataclass(frozen=True, kw_only=True)
class Sort:
    """What kind of thing a reference names."""

    noun: str
    example: str

    @property
    def form(self) -> str:
        return f"The id of {self.noun} looks like `{self.example}`; its name works too."


IMAGE = Sort(noun="an image", example="d164b5df-1bc3-4c3f-893e-3e471fd16e64")
PROJECT = Sort(noun="a project", example="9c61004714024f9586705d090530f9fa")


def reference(word: Word, sort: Sort) -> str:
    """The id (in lower case) or name that the word refers to. Raises CommandError that says what is wrong
    with it."""
    if word.token:
        raise CommandError(
            f"{shown(word.name)} is {token_kind(word.token)}, not {sort.noun}.",
            hint=f"{sort.form} If the name was turned into {token_kind(word.token)}, give the id.",
        )
    if not word.name:
        raise CommandError(f"A name of {sort.noun} is empty.", hint="Write something between the quotes.")
    if len(word.name) > LONGEST_NAME:
        raise CommandError(
            f"{shown(word.name)} has {len(word.name)} characters; a name has at most {LONGEST_NAME}.",
            hint="Put a comma or a space between two names.",
        )
    lower = word.name.lower()
    right, wrong = (_IMAGE_ID, _PROJECT_ID) if sort is IMAGE else (_PROJECT_ID, _IMAGE_ID)
    if right.fullmatch(lower):
        return lower
    if wrong.fullmatch(lower):
        raise _other_sort(word.name, sort)
    trouble = _image_trouble(lower) if sort is IMAGE else _project_trouble(lower)
    if trouble:
        raise CommandError(f"{shown(word.name)} looks like {sort.noun} id, but {trouble}.", hint=sort.form)
    return word.name


def request_number(word: Word) -> RequestId:
    """The request that `#12` or `12` means. Raises CommandError for anything else."""
    text = word.name
    if word.token.startswith("<#"):
        # A channel may be called "12": then Slack takes the typed #12 for it.
        text = word.token[1:-1].partition("|")[2] or text
    number = text.removeprefix("#")
    if re.fullmatch(r"[0-9]{1,18}", number) and int(number) > 0:
        return RequestId(int(number))
    lane = re.fullmatch(r"([1-9][0-9]{0,17})\.[0-9]+", number)
    raise CommandError(
        f"{shown(text)} is not the number of a request.",
        hint="Requests are numbered from 1: `#12`. See `list` for yours.",
        suggestion=f"#{lane[1]}" if lane else "",
    )


def _other_sort(name: str, sort: Sort) -> CommandError:
    other = PROJECT if sort is IMAGE else IMAGE
    return CommandError(
        f"{shown(name)} has the form of {other.noun} id, but {sort.noun} is expected here.",
        hint=f"Images come first, then `to` (or `from`), then projects. {sort.form}",
    )


def _image_trouble(lower: str) -> str:
    if _UUID_SHAPE.fullmatch(lower) and len(_NOT_HEX.findall(lower)) <= _SLIPS:
        return _wrong_character(lower)
    if _UUID_BEGINNING.fullmatch(lower) and _mixed(lower):
        return _wrong_length(lower, 36) if len(lower) != 36 else "its hyphens are in the wrong places"
    return (
        _wrong_length(lower, 36) if _HEX.fullmatch(lower) and 28 <= len(lower) <= 36 and _mixed(lower) else ""
    )


def _project_trouble(lower: str) -> str:
    if not lower.isalnum():
        return _wrong_length(lower, 32) if _UUID_BEGINNING.fullmatch(lower) and _mixed(lower) else ""
    wrong = len(_NOT_HEX.findall(lower))
    if not wrong:
        return _wrong_length(lower, 32) if len(lower) >= 12 and _mixed(lower) else ""
    return _wrong_character(lower) if len(lower) == 32 and wrong <= _SLIPS and _mixed(lower) else ""


def _mixed(lower: str) -> bool:
    """Digits and letters together: what tells a broken id from a date or a word."""
    return any(c in "0123456789" for c in lower) and any(c in "abcdef" for c in lower)


def _wrong_character(lower: str) -> str:
    found = _NOT_HEX.search(lower)
    assert found is not None
    return f"`{found[0]}` at character {found.start() + 1} is not a hex digit (0-9, a-f)"


def _wrong_length(lower: str, right: int) -> str:
    return (
        f"has {len(lower)} of {right} characters"
        if len(lower) < right
        else f"has {len(lower)} characters, not {right}"
    )
