"""Checking a part of a log, such as the events of one request: each event for itself, and each link that is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.audit.anchoring import Anchor
from bot.domain.audit.chaining import is_as_written
from bot.domain.audit.verifying import Broken, Damaged, Harm, Stored
from bot.domain.model import AuditEvent


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """A part in which every event is as it was written."""

    gaps: int
    """Places where events of the log are left out."""
    anchored: int
    """Noted heads that are in it, and fit."""


def verify_part(events: Iterable[Stored], anchors: Iterable[Anchor] = ()) -> Excerpt | Broken:
    """The first thing wrong with a part of a log, its events in order of id. It proves that nothing in it was changed;
    that nothing was left out of it, only the whole log proves."""
    noted: dict[int, set[str]] = {}
    for anchor in anchors:
        noted.setdefault(anchor.id, set()).add(anchor.hash)
    last: AuditEvent | None = None
    gaps = anchored = 0
    for event in events:
        if isinstance(event, Damaged):
            return _broken(event.id, Harm.EDITED, f"was changed: {event.why}")
        if not is_as_written(event):
            return _broken(event.id, Harm.EDITED, "was changed: its content does not match its hash")
        if last is not None and event.id <= last.id:
            return _broken(event.id, Harm.MOVED, f"stands after event {last.id}: it was moved or put in")
        if last is not None and event.id == last.id + 1 and event.previous != last.hash:
            return _broken(event.id, Harm.MISSING, f"does not continue event {last.id}")
        if {event.hash} != noted.get(event.id, {event.hash}):
            return _broken(event.id, Harm.REWRITTEN, "is not the one that was noted")
        anchored += event.id in noted
        gaps += event.id != (0 if last is None else last.id) + 1
        last = event
    return Excerpt(gaps=gaps, anchored=anchored)


def _broken(id: int, harm: Harm, what: str) -> Broken:
    return Broken(row=id, harm=harm, sentence=f"Event {id} {what}.")
