"""The grammar of share and unshare, the two sub-commands that ask for something."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

from bot.domain.errors import CommandError
from bot.domain.model import Action, ShareCommand
from bot.domain.parse.durations import is_duration_like, is_unit, parse_duration
from bot.domain.parse.nearest import suggest
from bot.domain.parse.references import IMAGE, PROJECT, reference
from bot.domain.parse.typed import plain, shown
from bot.domain.parse.usage import BY_WORD
from bot.domain.parse.words import Reader, Word

MOST_REFERENCES = 200
LONGEST_REASON = 1000
TO_WORDS = {Action.SHARE: ("to", "with"), Action.UNSHARE: ("from",)}
KEYWORDS = frozenset({"to", "with", "from", "for", "because", "because:", "and", "&"})
"""A name spelt like one of these has to be quoted."""
DRY_RUN = "--dry-run"
BREAK_GLASS = "--break-glass"
OPTIONS = {
    Action.SHARE: ("--to", "--with", "--for", "--reason", "--because", DRY_RUN, BREAK_GLASS),
    Action.UNSHARE: ("--from", "--reason", "--because", DRY_RUN),
}
_KNOWN_OPTIONS = frozenset({*OPTIONS[Action.SHARE], *OPTIONS[Action.UNSHARE]})
"""Some are known only so that what is wrong with them can be said."""
_END_OF_REASON = re.compile(r"(?:^|[\s,])(?:[-–—]+)?for[\s=]+([0-9][0-9a-z\s]*)$", re.IGNORECASE)
_OPTION_AT_THE_END = re.compile(r"(?:^|\s)[-–—]+(dry[-–—]?run|break[-–—]?glass)$", re.IGNORECASE)
_LONGEST_END = 80
"""Where a length of time at the end of a reason is looked for, so that a long reason costs no more."""


def read_sharing(reader: Reader, action: Action) -> ShareCommand:
    """The command in the words after `share` or `unshare`. Raises CommandError when they are none."""
    return _Sharing(reader, action).read()


def ending_duration(reason: str) -> re.Match[str] | None:
    """The `for 30d` at the very end of a reason, if its last words are a number and a unit of time.
    Positions in the match count from `max(0, len(reason) - 80)`."""
    found = _END_OF_REASON.search(reason[-_LONGEST_END:])
    return found if found and is_duration_like(found[1]) else None


def ends_in_an_option(reason: str) -> bool:
    """Whether the last word of a reason is an option without a value, which is then taken for one."""
    return _OPTION_AT_THE_END.search(reason[-_LONGEST_END:]) is not None


@dataclass
class _Sharing:
    """What was read so far."""

    reader: Reader
    action: Action
    images: list[str] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)
    after_to: bool = False
    duration: timedelta | None = None
    reason: str | None = None
    dry_run: bool = False
    break_glass: bool = False

    def read(self) -> ShareCommand:
        while word := self.reader.next():
            if word.is_option:
                self._option(word)
            elif word.keyword in KEYWORDS:
                self._keyword(word.keyword)
            else:
                self._reference(word)
        self._check_complete()
        return ShareCommand(
            action=self.action,
            images=tuple(dict.fromkeys(self.images)),
            projects=tuple(dict.fromkeys(self.projects)),
            duration=self.duration,
            reason=self.reason or "",
            dry_run=self.dry_run,
            break_glass=self.break_glass,
        )

    def _keyword(self, keyword: str) -> None:
        if keyword in ("and", "&"):
            return
        if keyword == "for":
            self._set_duration(self._typed_length())
        elif keyword.startswith("because"):
            self._set_reason(self._rest_as_reason())
        else:
            self._turn(keyword)

    def _option(self, word: Word) -> None:
        typed, equals, name_value = word.name.partition("=")
        name = "--" + typed.lower().lstrip("-")
        value = word.verbatim.partition("=")[2]
        if name not in _KNOWN_OPTIONS:
            near = suggest(name, OPTIONS[self.action])
            self._fail(
                f"{shown(typed)} is not an option.", "Quote it if it is a name that begins with a dash.", near
            )
        if equals and not value:
            self._fail(f"Nothing stands after {shown(typed + '=')}.")
        if name in (DRY_RUN, BREAK_GLASS):
            if equals:
                self._fail(f"`{name}` takes no value.")
            self._flag(name)
        elif name in ("--reason", "--because"):
            self._set_reason(value if equals else self._one_word_reason(name))
        elif name == "--for":
            self._set_duration(name_value if equals else self._typed_length())
        else:
            self._turn(name.removeprefix("--"))
            if equals:
                for item in re.split(r"[,;]", name_value):
                    self._reference(
                        Word(name=item.strip(), verbatim=item, bare=False, opens_bare=False, token=word.token)
                    )

    def _flag(self, name: str) -> None:
        if name == DRY_RUN:
            self.dry_run = True
        elif self.action is Action.UNSHARE:
            self._fail("There is no glass to break for `unshare`.")
        else:
            self.break_glass = True

    def _turn(self, keyword: str) -> None:
        right = TO_WORDS[self.action]
        if keyword not in right:
            other = "unshare … from …" if self.action is Action.SHARE else "share … to …"
            self._fail(
                f"`{self.action}` goes with `{right[0]}`, not with `{keyword}`.",
                f"To do the opposite, type `{other}`.",
                right[0],
            )
        if self.after_to:
            self._fail(
                f"`{keyword}` stands twice.", "Name all projects after one of them; quote it if it is a name."
            )
        if not self.images:
            self._fail(f"No image stands before `{keyword}`.")
        self.after_to = True

    def _reference(self, word: Word) -> None:
        if self.after_to:
            self.projects.append(reference(word, PROJECT))
        else:
            self.images.append(reference(word, IMAGE))
        if len(self.images) + len(self.projects) > MOST_REFERENCES:
            self._fail(
                f"More than {MOST_REFERENCES} images and projects in one command.", "Split it into several."
            )

    def _typed_length(self) -> str:
        """The words after `for`: one, and those that go on with it as numbers and units."""
        word = self.reader.next()
        if word is None:
            self._fail("Nothing stands after `for`.", "Say how long: `for 30d`.")
        following = self.reader.peek()
        is_one = word.keyword in ("a", "an", "one") and following is not None and is_unit(following.keyword)
        length = "1" if is_one else word.name
        while (following := self.reader.peek()) and _continues(length, following.keyword):
            self.reader.next()
            length = f"{length} {following.name}"
        return length

    def _set_duration(self, text: str) -> None:
        if self.action is Action.UNSHARE:
            self._fail("`unshare` has no `for`: what is taken back stays so until it is shared again.")
        if self.duration is not None:
            self._fail("How long is said twice.", "Keep one `for`; quote it if it is a name.")
        self.duration = parse_duration(text)

    def _one_word_reason(self, option: str) -> str:
        word = self.reader.next()
        if word is None or word.is_option:
            self._fail(f"Nothing stands after `{option}`.", f'Write {option} "CHG-1042".')
        following = self.reader.peek()
        if word.bare and following and not following.is_option and following.keyword not in KEYWORDS:
            self._fail(
                "Where the reason ends is not clear.", f'Put it in quotes: {option} "{word.verbatim} …".'
            )
        return word.verbatim

    def _rest_as_reason(self) -> str:
        """All that follows `because`, but for a length of time at its end when none was given before."""
        reason = plain(self.reader.rest()).strip()
        while found := _OPTION_AT_THE_END.search(reason):
            self._flag(DRY_RUN if found[1].lower().startswith("dry") else BREAK_GLASS)
            reason = reason[: found.start()].rstrip(" ,;")
        if self.action is Action.UNSHARE or self.duration is not None:
            return reason
        found = ending_duration(reason)
        if found is None:
            return reason
        try:
            self.duration = parse_duration(found[1])
        except CommandError as error:
            hint = f"{error.hint} If it belongs to the reason, put the reason in quotes."
            raise CommandError(error.message, hint=hint, suggestion=error.suggestion) from None
        return reason[: max(0, len(reason) - _LONGEST_END) + found.start()].rstrip(" ,;")

    def _set_reason(self, reason: str) -> None:
        reason = reason.strip()
        if self.reason is not None:
            self._fail("The reason is given twice.", "Keep one of them.")
        if not reason:
            self._fail("The reason is empty.", "Write something after `because`, or leave it out.")
        if len(reason) > LONGEST_REASON:
            self._fail(
                f"The reason has {len(reason)} characters; at most {LONGEST_REASON} are kept.",
                "Make it shorter.",
            )
        self.reason = reason

    def _check_complete(self) -> None:
        to = TO_WORDS[self.action][0]
        if not self.images:
            self._fail(f"No image is named after `{self.action}`.")
        if not self.after_to:
            self._fail(f"No project is named: `{to}` is missing.")
        if not self.projects:
            self._fail(f"No project stands after `{to}`.")

    def _fail(self, message: str, hint: str = "", suggestion: str = "") -> NoReturn:
        synopsis = f"Type: {BY_WORD[self.action].synopsis}"
        raise CommandError(message, hint=f"{hint} {synopsis}".strip(), suggestion=suggestion)


def _continues(length: str, keyword: str) -> bool:
    """Whether a word goes on with the length of time: a unit after a number, a number after a unit."""
    if length.rpartition(" ")[2].isdecimal():
        return is_unit(keyword)
    return is_duration_like(length) and (keyword.isdecimal() or is_duration_like(keyword))
