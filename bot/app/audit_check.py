"""What an auditor is told: whether the log, or an export of it, is as it was written, and how far that was proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bot.adapters.store.audit_file import AuditFile
from bot.app.audit_exports import read_export
from bot.domain.audit import (
    RETAINED,
    Anchor,
    Broken,
    Damaged,
    Excerpt,
    Stored,
    verify,
    verify_kept,
    verify_part,
)
from bot.domain.errors import OperatorError
from bot.domain.model import AuditEvent


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What an auditor brings along to hold against the log."""

    head: str | None = None
    """A hash that must be in it."""
    anchors: tuple[Anchor, ...] = ()
    archives: tuple[Path, ...] = ()
    """Files that retentions wrote the removed events to."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was found. `ok` is true only when nothing at all is wrong."""

    problems: tuple[str, ...] = ()
    row: int | None = None
    """The first bad event."""
    first: int = 0
    """The first event that was read; 0 for an empty log."""
    count: int = 0
    """Events recorded up to and with the last one that was read, which is its id."""
    head: str = ""
    """The hash of the last one."""
    anchors_fit: int = 0
    anchors_unchecked: int = 0
    """Noted heads of events that are not in what was read."""
    gaps: int = 0
    """Of an excerpt: places where events are left out."""

    @property
    def ok(self) -> bool:
        return not self.problems

    def plain(self) -> dict[str, object]:
        """As JSON values."""
        return {
            "ok": self.ok, "problem": " ".join(self.problems), "row": self.row, "first": self.first, "count": self.count,
            "head": self.head, "anchors_fit": self.anchors_fit, "anchors_unchecked": self.anchors_unchecked,
            "gaps": self.gaps,
        }  # fmt: skip


@dataclass
class _Seen:
    """Remembers the ends of what passed by last."""

    first: int = 0
    last: int = 0
    head: str = ""

    def pass_on(self, events: Iterable[Stored]) -> Iterator[Stored]:
        self.first, self.last, self.head = 0, 0, ""
        for event in events:
            self.first = self.first or event.id
            self.last, self.head = event.id, event.hash if isinstance(event, AuditEvent) else ""
            yield event


def check_database(path: Path, evidence: Evidence) -> Result:
    """The log in the bot's database, the file itself and the guards of its table. Raises StoreBrokenError when it cannot
    be read at all."""
    file = AuditFile(path)
    try:
        seen, troubles = _Seen(), file.troubles()
        if evidence.archives:
            broken = _archived_wrongly(file, evidence.archives) or verify(
                seen.pass_on(_joined(file, evidence.archives)), head=evidence.head, anchors=evidence.anchors
            )
        else:
            broken = verify_kept(
                lambda: seen.pass_on(file.events()), file.seal(), head=evidence.head, anchors=evidence.anchors
            )
        return _result(broken, seen, evidence, troubles)
    finally:
        file.close()


def _joined(file: AuditFile, archives: tuple[Path, ...]) -> Iterator[Stored]:
    """The archives, oldest first, then the log from where it begins."""
    first = next(file.events(), None)
    begins = None if first is None else first.id
    older = (event for event in _archived(archives) if begins is None or event.id < begins)
    return chain(older, file.events())


def _archived(archives: tuple[Path, ...]) -> Iterator[Stored]:
    def begins(path: Path) -> int:
        first = next(read_export(path), None)
        if first is None:
            raise OperatorError(f"The archive {path} is empty.")
        return first.id

    return chain.from_iterable(read_export(path) for path in sorted(archives, key=begins))


def _archived_wrongly(file: AuditFile, archives: tuple[Path, ...]) -> Broken | None:
    """An archived event that the log still has, when it is another one there. There are such after a retention that was
    interrupted between writing and removing."""
    first = next(file.events(), None)
    for event in _archived(archives):
        if first is not None and event.id >= first.id and file.event(event.id) != event:
            return verify((Damaged(id=event.id, why="the archive holds another one than the log"),))
    return None


def check_export(path: Path, evidence: Evidence, *, part: bool) -> Result:
    """An exported file by itself. With `part` events may be left out of it. Raises OperatorError when it cannot be
    read."""
    seen = _Seen()

    def read() -> Iterator[Stored]:
        return seen.pass_on(chain(_archived(evidence.archives), read_export(path)))

    if part:
        found = verify_part(read(), evidence.anchors)
        if isinstance(found, Excerpt):
            unchecked = len(evidence.anchors) - found.anchored
            return Result(
                first=seen.first, count=seen.last, head=seen.head, gaps=found.gaps, anchors_fit=found.anchored,
                anchors_unchecked=unchecked,
            )  # fmt: skip
        return _result(found, seen, evidence, ())
    return _result(_whole(read, evidence), seen, evidence, ())


def _whole(read: Callable[[], Iterator[Stored]], evidence: Evidence) -> Broken | None:
    first, seal = next(read(), None), None
    if first is not None and first.id > 1:
        for event in read():
            seal = event if isinstance(event, AuditEvent) and event.kind == RETAINED else seal
    return verify_kept(read, seal, head=evidence.head, anchors=evidence.anchors)


def _result(broken: Broken | None, seen: _Seen, evidence: Evidence, troubles: tuple[str, ...]) -> Result:
    problems = (*((broken.sentence,) if broken else ()), *troubles)
    unchecked = sum(anchor.id < seen.first - 1 for anchor in evidence.anchors)
    return Result(
        problems=problems, row=broken.row if broken else None, first=seen.first, count=seen.last, head=seen.head,
        anchors_fit=0 if broken else len(evidence.anchors) - unchecked, anchors_unchecked=unchecked,
    )  # fmt: skip
