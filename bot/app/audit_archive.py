"""The file to which events go before they are removed from the log: JSON lines as in an export, only ever added to."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from bot.app.audit_exports import line_of, read_export
from bot.domain.audit import from_plain
from bot.domain.errors import BugError, OperatorError
from bot.domain.model import AuditEvent

_LOOK_BACK = 64 * 1024 * 1024
"""Bytes at the end of the file within which its last line begins."""
_BEGINNING = b'{"at"'


def add_to_archive(path: Path, events: Sequence[AuditEvent]) -> None:
    """Every event of `events`, in order of id, is in the file and on the disk when this returns; those it has already are
    not written again. A missing file is made, for its owner alone.

    Raises OperatorError, and nothing is written, when the file cannot be written, is no archive, or does not end where
    `events` begin.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            last = _last_event(file, path)
            new = _continuing(last, events, path)
            file.write("".join(f"{line_of(event)}\n" for event in new).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        raise OperatorError(f"The audit archive {path} cannot be written: {error.strerror}.") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last_event(file: BinaryIO, path: Path) -> AuditEvent | None:
    """The last whole line, with the file cut and standing right after it: half a line is what a crash left."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _LOOK_BACK)
    file.seek(start)
    tail = file.read()
    whole, _, torn = tail.rpartition(b"\n")
    line = whole.rpartition(b"\n")[2]
    if torn and not torn.startswith(_BEGINNING[: len(torn)]):
        raise _no_archive(path)
    last = _event(line, path) if line else None
    if size and last is None and b"\n" in tail:
        raise _no_archive(path)
    file.seek(size - len(torn))
    file.truncate()
    return last


def _event(line: bytes, path: Path) -> AuditEvent:
    try:
        event = from_plain(json.loads(line))
    except (BugError, ValueError, TypeError):
        raise _no_archive(path) from None
    return event


def _no_archive(path: Path) -> OperatorError:
    return OperatorError(f"The file {path} is not an archive of the audit log. Name another one.")


def _continuing(last: AuditEvent | None, events: Sequence[AuditEvent], path: Path) -> Sequence[AuditEvent]:
    """Those that are not in the file yet."""
    if last is None or not events:
        return events
    first = events[0]
    if last.id >= first.id:  # a retention was interrupted between writing and removing
        known = [event for event in events if event.id <= last.id]
        ids = range(first.id, known[-1].id + 1)
        if [event for event in read_export(path) if event.id in ids] != known:
            raise OperatorError(f"The archive {path} holds other events than the log. Name another file.")
        return events[len(known) :]
    if first.previous != last.hash:
        raise OperatorError(
            f"The archive {path} ends with event {last.id}, and event {first.id} does not continue it. Name another file."
        )
    return events
