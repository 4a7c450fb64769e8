"""The audit log's hash chain: each event carries the hash of the one before it, so that nothing can be
changed, taken out, put in or moved without being noticed. Here: making, checking and writing out events.
Never: where they are kept.

What the chain cannot show by itself is a log that ends too early, or one that was rewritten as a whole: for
that a hash noted elsewhere is needed, and `verify` takes it.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from bot.domain.errors import BugError
from bot.domain.model import AuditEvent, LaneId, Person, RequestId

GENESIS = "0" * 64
"""What the first event names as the hash before it."""
_KEYS = ("id", "at", "kind", "team", "user", "request", "lane", "data", "previous", "hash")
_REMEMBERED = 10_000
"""How many events back `verify` recognises the one that an event really continues."""


class Harm(StrEnum):
    """What was done to a log."""

    EDITED = "edited"
    MISSING = "missing"
    """Events that stood before the named one are gone."""
    INSERTED = "inserted"
    MOVED = "moved"
    TRUNCATED = "truncated"
    """Events after the named one are gone."""
    OVERLONG = "overlong"
    """There are more events than were counted."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """The first event that is not as it was written."""

    row: int | None
    """Its id; for a truncated log the last id that is left. None when nothing is left."""
    harm: Harm
    sentence: str
    """For people."""

    def __str__(self) -> str:
        return self.sentence


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
    event = AuditEvent(
        id=id, at=at.astimezone(UTC), kind=kind, actor=actor, request=request, lane=lane,
        data=_as_json_keeps_it(data), previous=before, hash="",
    )  # fmt: skip
    return replace(event, hash=_digest(event))


def verify(
    events: Iterable[AuditEvent], *, head: str | None = None, count: int | None = None
) -> Broken | None:
    """The first thing wrong with the whole log, its events in order of id; None when all is as it was
    written.

    `head` is a hash noted earlier and `count` how many events there were then. With `head` alone the log
    may have grown since, but must still lead to that event; with `count` it must hold exactly so many, and
    `head` must be the last.
    """
    rows = iter(events)
    last: AuditEvent | None = None
    recent: deque[AuditEvent] = deque(maxlen=_REMEMBERED)
    seen, head_at = 0, 0 if head == GENESIS else None
    for event in rows:
        broken = _wrong_with(event, last, recent, rows)
        if broken is not None:
            return broken
        seen += 1
        if count is not None and seen > count:
            sentence = f"Event {event.id} is one too many: there were {count}."
            return Broken(row=event.id, harm=Harm.OVERLONG, sentence=sentence)
        if event.hash == head:
            head_at = seen
        recent.append(event)
        last = event
    return _wrong_end(last, seen, None if head is None else (head, head_at), count)


def as_plain(event: AuditEvent) -> dict[str, object]:
    """The event as JSON values, in a fixed order of keys, for an export."""
    person = event.actor
    return {
        "id": event.id,
        "at": _instant(event.at),
        "kind": event.kind,
        "team": None if person is None else person.team,
        "user": None if person is None else person.user,
        "request": event.request,
        "lane": event.lane,
        "data": dict(event.data),
        "previous": event.previous,
        "hash": event.hash,
    }


def as_row(event: AuditEvent) -> dict[str, str]:
    """The event as text under the same keys, for a table (CSV): nothing is an empty text, the data is
    JSON."""
    plain = as_plain(event)
    plain["data"] = _canonical(event.data)
    return {key: "" if value is None else str(value) for key, value in plain.items()}


def from_plain(plain: Mapping[str, object]) -> AuditEvent:
    """The event that `as_plain` or `as_row` wrote out, so that an export can be verified. Raises BugError
    when it is none."""
    try:
        values = {key: None if plain[key] == "" else plain[key] for key in _KEYS}
        data = values["data"]
        return AuditEvent(
            id=int(str(values["id"])),
            at=datetime.fromisoformat(str(values["at"])),
            kind=str(plain["kind"]),
            actor=None if values["team"] is None else Person(str(values["team"]), str(values["user"])),
            request=None if values["request"] is None else RequestId(int(str(values["request"]))),
            lane=None if values["lane"] is None else LaneId(str(values["lane"])),
            data=_as_json_keeps_it(json.loads(data) if isinstance(data, str) else data),
            previous=str(values["previous"]),
            hash=str(values["hash"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BugError(f"this is no audit event: {error}") from error


def _wrong_with(
    event: AuditEvent, last: AuditEvent | None, recent: Iterable[AuditEvent], later: Iterator[AuditEvent]
) -> Broken | None:
    """What is wrong with one event, given the one before it. Looks at `later` ones only to tell what was
    done."""
    if not _is_as_written(event):
        sentence = f"Event {event.id} was changed: its content does not match its hash."
        return Broken(row=event.id, harm=Harm.EDITED, sentence=sentence)
    if last is not None and event.id <= last.id:
        sentence = f"Event {event.id} stands after event {last.id}: it was moved or put in."
        return Broken(row=event.id, harm=Harm.MOVED, sentence=sentence)
    if event.previous == (GENESIS if last is None else last.hash):
        return None
    return _broken_link(event, last, recent, later)


def _broken_link(
    event: AuditEvent, last: AuditEvent | None, recent: Iterable[AuditEvent], later: Iterator[AuditEvent]
) -> Broken:
    if any(other.hash == event.previous for other in later):
        sentence = f"Event {event.id} stands before the event it continues: they were moved."
        return Broken(row=event.id, harm=Harm.MOVED, sentence=sentence)
    stranger = _first_after(event.previous, recent)
    if stranger is not None:
        sentence = (
            f"Event {stranger.id} was put in: event {event.id} does not continue it but the one before."
        )
        return Broken(row=stranger.id, harm=Harm.INSERTED, sentence=sentence)
    after = "the beginning" if last is None else f"event {last.id}"
    sentence = (
        f"Event {event.id} does not continue {after}: what stood between is gone, or that was replaced."
    )
    return Broken(row=event.id, harm=Harm.MISSING, sentence=sentence)


def _first_after(hash: str, recent: Iterable[AuditEvent]) -> AuditEvent | None:
    """The remembered event right after the one with this hash."""
    found = hash == GENESIS
    for event in recent:
        if found:
            return event
        found = event.hash == hash
    return None


def _wrong_end(
    last: AuditEvent | None, seen: int, head: tuple[str, int | None] | None, count: int | None
) -> Broken | None:
    row = None if last is None else last.id
    end = "The log is empty" if last is None else f"The log ends with event {last.id}"
    if count is not None and seen < count:
        return Broken(
            row=row, harm=Harm.TRUNCATED, sentence=f"{end}: {count - seen} of {count} events are gone."
        )
    if head is not None and (head[1] is None or (count is not None and head[1] != seen)):
        sentence = f"{end} and never reaches the hash noted earlier: its end is gone, or all was rewritten."
        if head[1] is not None:
            sentence = f"{end}, which is not the event noted as the last."
        return Broken(row=row, harm=Harm.TRUNCATED, sentence=sentence)
    return None


def _is_as_written(event: AuditEvent) -> bool:
    try:
        return event.at.tzinfo is not None and event.hash == _digest(event)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False  # it holds what no event was ever made with


def _digest(event: AuditEvent) -> str:
    person = event.actor
    content = {
        "id": event.id,
        "at": _instant(event.at),
        "kind": event.kind,
        "actor": None if person is None else [person.team, person.user],
        "request": event.request,
        "lane": event.lane,
        "data": event.data,
        "previous": event.previous,
    }
    return hashlib.sha256(_canonical(content).encode("ascii")).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _canonical(value: object) -> str:
    """JSON in the one way that is hashed: sorted keys, no spaces, ASCII only."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_plain
    )


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _as_json_keeps_it(data: object) -> dict[str, object]:
    try:
        if not isinstance(data, Mapping):
            raise TypeError(f"{type(data).__name__} is no mapping")
        _check_keys(data)
        kept: dict[str, object] = json.loads(_canonical(data))
    except (TypeError, ValueError, RecursionError) as error:
        raise BugError(f"the data of an audit event must be JSON: {error}") from error
    return kept


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
