"""Files of audit events: written line by line for an auditor or an archive, and read back as strictly as the log itself."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.adapters.store.audit_file import AuditFile
from bot.domain.audit import (
    COLUMNS,
    Damaged,
    Stored,
    as_ocsf,
    as_plain,
    as_row,
    from_ocsf,
    from_plain,
    from_row,
)
from bot.domain.errors import BugError, OperatorError, StoreBrokenError
from bot.domain.model import AuditEvent, RequestId

FORMS = ("jsonl", "csv", "ocsf")
LARGEST_CELL = 64 * 1024 * 1024
"""Bytes of one cell of a CSV file; Python's own limit is below what a request of a thousand pairs takes."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which events are exported; without anything all of them."""

    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is left out."""
    request: RequestId | None = None

    def has(self, event: AuditEvent) -> bool:
        return (
            (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
            and (self.request is None or event.request == self.request)
        )


def line_of(event: AuditEvent) -> str:
    """The event as one line of JSON, the only way it is written in an export or an archive."""
    return json.dumps(as_plain(event), sort_keys=True)


def export(path: Path, out: TextIO, form: str, chosen: Chosen) -> int:
    """Writes the chosen events, one after the other; how many there were. Raises StoreBrokenError at a row that is not as
    the bot writes it."""
    write, count = _writer(out, form), 0
    file = AuditFile(path)
    try:
        for event in file.events():
            if isinstance(event, Damaged):
                raise StoreBrokenError(
                    f"Event {event.id} was changed: {event.why}. The export ends before it; see `imagebot audit verify`."
                )
            if chosen.has(event):
                write(event)
                count += 1
    finally:
        file.close()
    return count


def _writer(out: TextIO, form: str) -> Callable[[AuditEvent], object]:
    if form == "csv":
        table = csv.DictWriter(out, COLUMNS)
        table.writeheader()
        return lambda event: table.writerow(as_row(event))
    if form == "ocsf":
        return lambda event: out.write(_ocsf_line(event) + "\n")
    return lambda event: out.write(line_of(event) + "\n")


def _ocsf_line(event: AuditEvent) -> str:
    return json.dumps(as_ocsf(event), sort_keys=True)


def read_export(path: Path) -> Iterator[Stored]:
    """The events of an exported file or an archive, whichever form it has. A line that is not exactly as an export writes
    it comes out as Damaged. Raises OperatorError when the file cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            start = file.read(1)
            file.seek(0)
            yield from _read_lines(file, path.name) if start in ("{", "") else _read_table(file, path.name)
    except OSError as error:
        raise OperatorError(f"The file {path} cannot be read: {error.strerror}.") from None


def _read_lines(lines: Iterable[str], name: str) -> Iterator[Stored]:
    last = 0
    for number, line in enumerate(lines, 1):
        event = _of_line(line.removesuffix("\n"), Damaged(id=last + 1, why=_unlike(name, number)))
        yield event
        last = event.id


def _of_line(line: str, otherwise: Damaged) -> Stored:
    try:
        said = json.loads(line)
        event = from_ocsf(said) if "class_uid" in said else from_plain(said)
        written = _ocsf_line(event) if "class_uid" in said else line_of(event)
    except (BugError, ValueError, TypeError, RecursionError, OverflowError):
        return otherwise
    return event if written == line else Damaged(id=event.id, why=otherwise.why)


def _read_table(file: TextIO, name: str) -> Iterator[Stored]:
    csv.field_size_limit(LARGEST_CELL)
    table = csv.reader(file)
    last = 0
    try:
        if tuple(next(table, ())) != COLUMNS:
            raise OperatorError(
                f"The file {name} is not an export of the audit log: its first line is another."
            )
        for cells in table:
            event = _of_cells(cells, Damaged(id=last + 1, why=_unlike(name, table.line_num)))
            yield event
            last = event.id
    except csv.Error:
        yield Damaged(id=last + 1, why=_unlike(name, table.line_num))


def _of_cells(cells: list[str], otherwise: Damaged) -> Stored:
    try:
        row = dict(zip(COLUMNS, cells, strict=True))
        event = from_row(row)
        written = as_row(event)
    except (BugError, ValueError, TypeError, RecursionError, OverflowError):
        return otherwise
    return event if written == row else Damaged(id=event.id, why=otherwise.why)


def _unlike(name: str, line: int) -> str:
    return f"line {line} of {name} is not as an export writes it"
