"""Removing the oldest events without breaking the chain: what may go, and the seal that proves what went.

The seal is an event of the chain itself. It names the first event that is kept and the hash before it; the log
is then unbroken from there on, and together with an archive of what went from the very beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.audit.anchoring import HASH, Anchor
from bot.domain.audit.chaining import is_as_written
from bot.domain.audit.verifying import BEGINNING, Broken, Damaged, Harm, Start, Stored, verify
from bot.domain.model import AuditEvent, RequestId

RETAINED = "audit_retained"
"""The kind of the event that is a seal."""


@dataclass(frozen=True, kw_only=True)
class Prefix:
    """Events at the beginning of a log that may be removed."""

    first_kept: int
    previous: str
    """The hash of the last one that goes."""
    removed: int
    requests: frozenset[RequestId]
    """Whom they speak of: none of these may be open when they go."""

    def seal(self, *, older_than: datetime, by: str, archive: str) -> Mapping[str, object]:
        """The data of the event that seals it."""
        return {
            "first_kept": self.first_kept,
            "previous": self.previous,
            "removed": self.removed,
            "older_than": older_than.isoformat(),
            "by": by,
            "archive": archive,
        }


def removable(
    events: Iterable[AuditEvent], *, older_than: datetime, still_open: Collection[RequestId]
) -> Prefix | None:
    """The longest beginning of `events` that is older and speaks of no open request; None when nothing is.

    The last of `events` always stays, so that the seal has something to name.
    """
    last: AuditEvent | None = None
    removed = 0
    requests: set[RequestId] = set()
    for event in events:
        if last is not None:
            removed += 1
            requests |= {last.request} if last.request is not None else set()
        last = event
        if event.at >= older_than or event.request in still_open:
            break
    if last is None or removed == 0:
        return None
    return Prefix(first_kept=last.id, previous=last.previous, removed=removed, requests=frozenset(requests))


def start_of(seal: Stored | None) -> Start | Broken:
    """Where a log with this newest seal begins; what is wrong when the seal is not as it was written."""
    if seal is None:
        return BEGINNING
    if isinstance(seal, Damaged):
        return Broken(row=seal.id, harm=Harm.EDITED, sentence=f"Event {seal.id} was changed: {seal.why}.")
    first, previous = seal.data.get("first_kept"), seal.data.get("previous")
    good = (
        type(first) is int and 1 < first <= seal.id and isinstance(previous, str) and HASH.fullmatch(previous)
    )
    if not good or not is_as_written(seal) or not isinstance(first, int):
        sentence = (
            f"Event {seal.id} was changed: it is the record of a retention, and does not match its hash."
        )
        return Broken(row=seal.id, harm=Harm.EDITED, sentence=sentence)
    return Start(after=first - 1, previous=str(previous))


def verify_kept(
    read: Callable[[], Iterable[Stored]],
    seal: Stored | None,
    *,
    head: str | None = None,
    anchors: Iterable[Anchor] = (),
) -> Broken | None:
    """The first thing wrong with a log whose beginning may have been removed under `seal`, its newest event of
    that kind. `read` gives the whole log anew each time it is called."""
    start, anchors = start_of(seal), tuple(anchors)
    if isinstance(start, Broken):
        return start
    broken = verify(read(), head=head, anchors=anchors, start=start)
    if broken is None or broken.harm is not Harm.MISSING:
        return broken
    first = next(iter(read()), None)
    if not isinstance(first, AuditEvent) or broken.row != first.id:
        return broken
    # The beginning is unexplained. When the seal that explained it is what was harmed, that is the better answer.
    inner = verify(read(), start=Start(after=first.id - 1, previous=first.previous))
    return inner or broken
