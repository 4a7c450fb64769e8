"""How an event comes to its hash: the one canonical form of its content, and the hash of the event before it.
Never: where events are kept, or how a log is checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.domain.errors import BugError
from bot.domain.model import AuditEvent, LaneId, Person, RequestId

GENESIS = "0" * 64
"""What the first event names as the hash before it."""


def chain(
    previous: AuditEvent | str | None,
    *,
    id: int,
    at: datetime,
    kind: str,
    actor: Person | None,
    request: RequestId | None,
    lane: LaneId | None,
    data: Mapping[str, object],
) -> AuditEvent:
    """The event that follows `previous` (an event, its hash, or None for the first of all), with its hash.

    `at` is kept in UTC and `data` as JSON keeps it (tuples are lists), so that what a store gives back has
    the same hash. Raises BugError when `at` has no time zone or `data` holds anything but JSON values with
    text as keys.
    """
    if at.tzinfo is None:
        raise BugError("an audit event needs a time with its zone")
    before = previous.hash if isinstance(previous, AuditEvent) else previous or GENESIS
    when, kept = at.astimezone(UTC), as_json_keeps_it(data)
    return AuditEvent(
        id=id, at=when, kind=kind, actor=actor, request=request, lane=lane, data=kept, previous=before,
        hash=_digest(id, when, kind, actor, request, lane, kept, before),
    )  # fmt: skip


def is_as_written(event: AuditEvent) -> bool:
    """Whether its content has the hash it carries."""
    try:
        return event.at.tzinfo is not None and event.hash == _digest(
            event.id, event.at, event.kind, event.actor, event.request, event.lane, event.data, event.previous
        )
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False  # it holds what no event was ever made with


def instant(at: datetime) -> str:
    """The time as it is hashed: UTC, always with six digits of microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(value: object) -> str:
    """JSON in the one way that is hashed: sorted keys, no spaces, ASCII only."""
    return _CANONICAL.encode(value)


def as_json_keeps_it(data: object) -> dict[str, object]:
    """The mapping as it comes back from JSON. Raises BugError when JSON cannot hold it as it is."""
    try:
        if type(data) is dict and all(type(k) is str and type(v) in _ATOMS for k, v in data.items()):
            # Most are so. The order is the canonical one: `audit verify` takes any other order in a file for a change.
            return {key: data[key] for key in sorted(data)}
        if not isinstance(data, Mapping):
            raise TypeError(f"{type(data).__name__} is no mapping")
        _check_keys(data)
        kept: dict[str, object] = json.loads(canonical(data))
    except (TypeError, ValueError, RecursionError) as error:
        raise BugError(f"the data of an audit event must be JSON: {error}") from error
    return kept


def _digest(
    id: int, at: datetime, kind: str, actor: Person | None, request: RequestId | None, lane: LaneId | None,
    data: Mapping[str, object], previous: str,
) -> str:  # fmt: skip
    content = {
        "id": id,
        "at": instant(at),
        "kind": kind,
        "actor": None if actor is None else [actor.team, actor.user],
        "request": request,
        "lane": lane,
        "data": data,
        "previous": previous,
    }
    return hashlib.sha256(canonical(content).encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_ATOMS = frozenset({str, int, bool, type(None)})
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_plain
)
"""Made once: json.dumps would make one for every event, and an acknowledgement waits for it."""


def _check_keys(value: object) -> None:
    """JSON would turn the key 1 into "1": what comes back would not be what was put in."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is not text")
            _check_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_keys(inner)
