"""Single cells: times and lengths of time as integers, and the values inside a value as JSON. Exact in both
directions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from bot.domain.errors import BugError
from bot.domain.model import (
    AllOf,
    AnyOf,
    Glass,
    GroupName,
    ImageFacts,
    ImageId,
    Need,
    Outcome,
    ProjectFacts,
    ProjectId,
    Requirement,
    Verdict,
)
from bot.domain.notices import Message

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode
_decode: Callable[[str], Any] = json.JSONDecoder().decode


# -- time ----------------------------------------------------------------------------------------------------


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 in UTC. Raises BugError for a time without a zone."""
    if at.tzinfo is None:
        raise BugError(f"a time without a zone cannot be stored: {at}")
    return (at - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def maybe_micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def maybe_moment(stored: int | None) -> datetime | None:
    return None if stored is None else moment(stored)


def span(length: timedelta | None) -> int | None:
    """A length of time in microseconds; up to 292,000 years fit the column."""
    return None if length is None else length // _MICROSECOND


def span_of(stored: int | None) -> timedelta | None:
    return None if stored is None else timedelta(microseconds=stored)


def moments(times: Iterable[datetime]) -> str:
    return _encode([micros(at) for at in times])


def moments_of(stored: str) -> tuple[datetime, ...]:
    return tuple(moment(at) for at in _decode(stored))


# -- lists and mappings --------------------------------------------------------------------------------------


def texts(values: Iterable[str]) -> str:
    return _encode(list(values))


def texts_of(stored: str) -> tuple[str, ...]:
    return tuple(_decode(stored))


def groups_of(stored: str) -> frozenset[GroupName]:
    return frozenset(_decode(stored))


def images_of(stored: str) -> tuple[ImageId, ...]:
    return tuple(_decode(stored))


def projects_of(stored: str) -> tuple[ProjectId, ...]:
    return tuple(_decode(stored))


def data(values: Mapping[str, object]) -> str:
    """JSON values only; the order of the keys is kept."""
    return _encode(dict(values))


def data_of(stored: str) -> dict[str, Any]:
    decoded: dict[str, Any] = _decode(stored)
    return decoded


# -- values inside values ------------------------------------------------------------------------------------

# Made when first used: a command is stored without them, and making them takes a part of the start.


@cache
def _images() -> TypeAdapter[ImageFacts]:
    return TypeAdapter(ImageFacts)


@cache
def _projects() -> TypeAdapter[ProjectFacts]:
    return TypeAdapter(ProjectFacts)


@cache
def _messages() -> TypeAdapter[Message]:
    return TypeAdapter(Message)


def image(facts: ImageFacts) -> str:
    return _images().dump_json(facts).decode()


def image_of(stored: str) -> ImageFacts:
    return _images().validate_json(stored)


def project(facts: ProjectFacts) -> str:
    """The labels may be any mapping, a read-only view of the policy's register for one."""
    return _encode(vars(facts) | {"labels": dict(facts.labels)})


def project_of(stored: str) -> ProjectFacts:
    return _projects().validate_json(stored)


def message(what: Message) -> str:
    """Spans and parts are told apart by their `type`."""
    return _messages().dump_json(what).decode()


def message_of(stored: str) -> Message:
    return _messages().validate_json(stored)


def _requirement(needed: Requirement) -> dict[str, Any]:
    """Tagged by hand: all-of and any-of have the same fields."""
    match needed:
        case Need(count=count, groups=groups):
            return {"need": count, "of": sorted(groups)}
        case AllOf(items=items):
            return {"all_of": [_requirement(item) for item in items]}
        case AnyOf(items=items):
            return {"any_of": [_requirement(item) for item in items]}


def _requirement_of(stored: Mapping[str, Any]) -> Requirement:
    if "need" in stored:
        return Need(count=stored["need"], groups=frozenset(stored["of"]))
    if "all_of" in stored:
        return AllOf(items=tuple(_requirement_of(item) for item in stored["all_of"]))
    return AnyOf(items=tuple(_requirement_of(item) for item in stored["any_of"]))


def verdict(given: Verdict) -> str:
    return _encode(
        {
            "outcome": given.outcome.value,
            "requirement": _requirement(given.requirement),
            "rules": list(given.rules),
            "self_approval": given.self_approval,
            "why": given.why,
            "nearest": given.nearest,
            "share_for": span(given.share_for),
            "warnings": list(given.warnings),
            "glass": given.glass.value,
        }
    )


def verdict_of(stored: str) -> Verdict:
    kept = _decode(stored)
    return Verdict(
        outcome=Outcome(kept["outcome"]),
        requirement=_requirement_of(kept["requirement"]),
        rules=tuple(kept["rules"]),
        self_approval=kept["self_approval"],
        why=kept["why"],
        nearest=kept["nearest"],
        share_for=span_of(kept["share_for"]),
        warnings=tuple(kept.get("warnings", ())),
        glass=Glass(kept.get("glass", Glass.CLOSED)),
    )
