"""The facts a rule may ask about, as one table: name, type, how it is read of what is asked. A fact is a
value, absent (it surely has none), or None: unknown. The table is also what docs/policy.md is checked
against.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum, StrEnum
from typing import Literal

from bot.domain.model import Action, Actor, ImageFacts, ImageKind, ProjectFacts

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LABEL = "project.labels."
"""Before the name of a label of the register."""


class FactType(StrEnum):
    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "number"
    WORDS = "set of words"


class Nothing(Enum):
    ABSENT = "absent"


ABSENT = Nothing.ABSENT
"""There surely is no value: a project without that label, a request without a reason."""


@dataclass(frozen=True)
class Words:
    """A set of words, of which some may be unknown: neither in nor out."""

    known: frozenset[str]
    unknown: frozenset[str] = frozenset()


Value = str | bool | int | float | Words | Literal[Nothing.ABSENT] | None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One member to be judged: who asks for what, and the request it is part of. None means unknown."""

    action: Action
    requester: Actor
    image: ImageFacts
    project: ProjectFacts
    pairs: int = 1
    """Of the whole request, as are images and projects."""
    images: int = 1
    projects: int = 1
    duration: timedelta | None = None
    """As asked; None for ever."""
    reason: str = ""
    channel: str = ""
    """Slack id of the channel it was typed in."""
    at: datetime | None = None
    """When it is judged, aware."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    name: str
    type: FactType
    read: Callable[[Ask, tzinfo], Value]
    about: str
    choices: tuple[str, ...] = ()
    """The only values it can have; empty when they are open or depend on the file."""


def fact_named(name: str) -> Fact | None:
    """The fact of that name; None when there is none. Any label has one: whether the register knows it is not
    said here."""
    label = name.removeprefix(LABEL)
    if label == name or not label:
        return FACTS.get(name)
    return Fact(
        name=name, type=FactType.TEXT, about="a label of the register",
        read=lambda ask, _: _text(ask.project.labels.get(label)),
    )  # fmt: skip


def _text(value: str | None) -> Value:
    """For facts that are written down by people: without a text there is none."""
    return value or ABSENT


def _number(value: float | None) -> Value:
    return None if value is None or math.isnan(value) else value


def _age_days(ask: Ask, _: tzinfo) -> Value:
    made, now = ask.image.created_at, ask.at
    if made is None or now is None or made.tzinfo is None or now.tzinfo is None:
        return None
    return max(0.0, (now - made) / timedelta(days=1))


def _local(at: datetime | None, zone: tzinfo) -> datetime | None:
    try:
        return None if at is None or at.tzinfo is None else at.astimezone(zone)
    except OverflowError:
        return None


def _hour(ask: Ask, zone: tzinfo) -> Value:
    at = _local(ask.at, zone)
    return None if at is None else at.hour


def _weekday(ask: Ask, zone: tzinfo) -> Value:
    at = _local(ask.at, zone)
    return None if at is None else WEEKDAYS[at.weekday()]


def _shared_count(ask: Ask, _: tzinfo) -> Value:
    return None if ask.image.shared_with is None else len(ask.image.shared_with)


def _duration_days(ask: Ask, _: tzinfo) -> Value:
    return math.inf if ask.duration is None else ask.duration / timedelta(days=1)


def _groups(ask: Ask, _: tzinfo) -> Value:
    groups = ask.requester.groups
    return Words(known=groups, unknown=ask.requester.unknown_groups - groups)


_T, _F, _N, _W = FactType
_ROWS: tuple[tuple[str, FactType, Callable[[Ask, tzinfo], Value], str], ...] = (
    ("requester.groups", _W, _groups, "the policy's groups the requester is in"),
    (
        "requester.id",
        _T,
        lambda ask, _: ask.requester.person.user or None,
        "their Slack user id, such as U0ALICE",
    ),
    (
        "requester.is_guest",
        _F,
        lambda ask, _: ask.requester.is_guest,
        "whether they are a guest of the workspace",
    ),
    ("image.id", _T, lambda ask, _: ask.image.id or None, "the image's id"),
    ("image.name", _T, lambda ask, _: ask.image.name or None, "its name"),
    ("image.kind", _T, lambda ask, _: ask.image.kind and str(ask.image.kind), "what it was made from"),
    ("image.encrypted", _F, lambda ask, _: ask.image.encrypted, "whether it is encrypted"),
    ("image.windows", _F, lambda ask, _: ask.image.windows, "whether Windows runs on it"),
    (
        "image.os",
        _T,
        lambda ask, _: ask.image.os or None,
        'its system as the cloud spells it, such as "Ubuntu 24.04 server 64bit"',
    ),
    ("image.size_gb", _N, lambda ask, _: _number(ask.image.size_gb), "its smallest disk in GB"),
    ("image.tags", _W, lambda ask, _: Words(known=ask.image.tags), "its tags"),
    ("image.owner", _T, lambda ask, _: ask.image.owner or None, "project id of its owner"),
    ("image.owned", _F, lambda ask, _: ask.image.owned, "whether our own project owns it"),
    ("image.age_days", _N, _age_days, "days since it was made"),
    ("image.shared_count", _N, _shared_count, "how many projects it is shared with already"),
    ("project.id", _T, lambda ask, _: _text(ask.project.id), "id of the receiving project"),
    ("project.name", _T, lambda ask, _: _text(ask.project.name), "its name in the register"),
    ("project.env", _T, lambda ask, _: _text(ask.project.env), "its env in the register"),
    ("project.tenant", _T, lambda ask, _: _text(ask.project.tenant), "its tenant in the register"),
    ("request.pairs", _N, lambda ask, _: ask.pairs, "pairs of image and project in the whole request"),
    ("request.images", _N, lambda ask, _: ask.images, "images in the whole request"),
    ("request.projects", _N, lambda ask, _: ask.projects, "projects in the whole request"),
    ("request.duration_days", _N, _duration_days, "days asked for; without any, more than every number"),
    ("request.reason", _T, lambda ask, _: _text(ask.reason), "the reason as typed"),
    (
        "request.channel",
        _T,
        lambda ask, _: _text(ask.channel),
        "id of the channel it was typed in, such as C0IMAGES",
    ),
    ("request.hour", _N, _hour, "0 to 23, in defaults.time_zone"),
    ("request.weekday", _T, _weekday, "in defaults.time_zone"),
)
_CHOICES = {"image.kind": tuple(str(kind) for kind in ImageKind), "request.weekday": WEEKDAYS}

FACTS: Mapping[str, Fact] = {
    name: Fact(name=name, type=type_, read=read, about=about, choices=_CHOICES.get(name, ()))
    for name, type_, read, about in _ROWS
}
"""By name. Labels of the register are facts besides these, see fact_named."""


class Reading:
    """The facts of one ask, each read at most once."""

    def __init__(self, ask: Ask, zone: tzinfo) -> None:
        self.ask = ask
        self._zone = zone
        self._values: dict[str, Value] = {}

    def value(self, fact: Fact) -> Value:
        """None when unknown."""
        name = fact.name
        if name not in self._values:
            self._values[name] = fact.read(self.ask, self._zone)
        return self._values[name]
