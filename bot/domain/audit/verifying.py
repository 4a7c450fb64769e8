"""Checking a log: what was done to it first, and to which event."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.audit.anchoring import Anchor, Anchors
from bot.domain.audit.chaining import GENESIS, is_as_written
from bot.domain.model import AuditEvent

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
    REWRITTEN = "rewritten"
    """The chain holds, but it is not the one whose head was noted."""


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


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A stored row that is not as any event is ever written, whatever it says."""

    id: int
    why: str
    """For people: "its time is not a whole number"."""


Stored = AuditEvent | Damaged


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a log begins: the id and the hash of the event before its first one."""

    after: int = 0
    previous: str = GENESIS


BEGINNING = Start()
"""Where a log begins of which nothing was ever removed."""


def verify(
    events: Iterable[Stored],
    *,
    head: str | None = None,
    count: int | None = None,
    anchors: Iterable[Anchor] = (),
    start: Start = BEGINNING,
) -> Broken | None:
    """The first thing wrong with the whole log, its events in order of id; None when all is as it was
    written.

    `head` is a hash noted earlier and `count` how many events there were then. With `head` alone the log
    may have grown since, but must still lead to that event; with `count` it must hold exactly so many, and
    `head` must be the last. Each of `anchors` names an event that must be there with exactly its hash;
    those before `start` are left out. `start`: where the log begins after a retention.
    """
    rows = iter(events)
    last: AuditEvent | None = None
    recent: deque[AuditEvent] = deque(maxlen=_REMEMBERED)
    noted = Anchors(anchor for anchor in anchors if anchor.id >= start.after)
    seen, head_at = start.after, start.after if head == start.previous else None
    if not noted.fits(start.after, start.previous):
        return _rewritten(start.after)
    for event in rows:
        if isinstance(event, Damaged):
            sentence = f"Event {event.id} was changed: {event.why}."
            return Broken(row=event.id, harm=Harm.EDITED, sentence=sentence)
        broken = _wrong_with(event, last, start, (recent, rows))
        if broken is not None:
            return broken
        seen += 1
        if count is not None and seen > count:
            sentence = f"Event {event.id} is one too many: there were {count}."
            return Broken(row=event.id, harm=Harm.OVERLONG, sentence=sentence)
        if not noted.fits(event.id, event.hash):
            return _rewritten(event.id)
        if event.hash == head:
            head_at = seen
        recent.append(event)
        last = event
    beyond = noted.next
    if beyond is not None:
        return _cut(last, beyond)
    return _wrong_end(last, seen, None if head is None else (head, head_at), count)


def _rewritten(id: int) -> Broken:
    sentence = (
        f"Event {id} is not the one that was noted: the log was rewritten, or the note is of another log."
    )
    return Broken(row=id, harm=Harm.REWRITTEN, sentence=sentence)


def _cut(last: AuditEvent | None, beyond: Anchor) -> Broken:
    end = "The log is empty" if last is None else f"The log ends with event {last.id}"
    sentence = f"{end}, but event {beyond.id} was noted{beyond.source}: the end is gone."
    return Broken(row=None if last is None else last.id, harm=Harm.TRUNCATED, sentence=sentence)


def _wrong_with(
    event: AuditEvent,
    last: AuditEvent | None,
    start: Start,
    around: tuple[Iterable[AuditEvent], Iterator[Stored]],
) -> Broken | None:
    """What is wrong with one event, given the one before it. Looks at later ones only to tell what was
    done."""
    if not is_as_written(event):
        sentence = f"Event {event.id} was changed: its content does not match its hash."
        return Broken(row=event.id, harm=Harm.EDITED, sentence=sentence)
    if last is not None and event.id <= last.id:
        sentence = f"Event {event.id} stands after event {last.id}: it was moved or put in."
        return Broken(row=event.id, harm=Harm.MOVED, sentence=sentence)
    if event.id <= start.after:
        where = "1, the first" if start.after == 0 else f"{start.after + 1}, with which the log begins"
        sentence = f"Event {event.id} stands before event {where}: it was put in."
        return Broken(row=event.id, harm=Harm.INSERTED, sentence=sentence)
    if event.previous == (start.previous if last is None else last.hash):
        return None
    return _broken_link(event, last, start, around)


def _broken_link(
    event: AuditEvent,
    last: AuditEvent | None,
    start: Start,
    around: tuple[Iterable[AuditEvent], Iterator[Stored]],
) -> Broken:
    recent, later = around
    if any(isinstance(other, AuditEvent) and other.hash == event.previous for other in later):
        sentence = f"Event {event.id} stands before the event it continues: they were moved."
        return Broken(row=event.id, harm=Harm.MOVED, sentence=sentence)
    stranger = _first_after(event.previous, start, recent)
    if stranger is not None:
        sentence = (
            f"Event {stranger.id} was put in: event {event.id} does not continue it but the one before."
        )
        return Broken(row=stranger.id, harm=Harm.INSERTED, sentence=sentence)
    beginning = "the beginning" if start == BEGINNING else f"event {start.after}, the last one removed"
    after = beginning if last is None else f"event {last.id}"
    sentence = (
        f"Event {event.id} does not continue {after}: what stood between is gone, or that was replaced."
    )
    return Broken(row=event.id, harm=Harm.MISSING, sentence=sentence)


def _first_after(hash: str, start: Start, recent: Iterable[AuditEvent]) -> AuditEvent | None:
    """The remembered event right after the one with this hash."""
    found = hash == start.previous
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
