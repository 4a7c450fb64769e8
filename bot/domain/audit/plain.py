"""Events written out as plain values or as rows of text, and read back, so that an export can be verified."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from bot.domain.audit.chaining import as_json_keeps_it, canonical, instant
from bot.domain.errors import BugError
from bot.domain.model import AuditEvent, LaneId, Person, RequestId

COLUMNS = ("id", "at", "kind", "team", "user", "request", "lane", "data", "previous", "hash")
"""Of an event as plain values, in their order in a table."""


def as_plain(event: AuditEvent) -> dict[str, object]:
    """The event as JSON values, in a fixed order of keys, for an export."""
    person = event.actor
    return {
        "id": event.id,
        "at": instant(event.at),
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
    """The event as text under the same keys, for a table (CSV): nothing is an empty cell, the data is JSON.

    A cell that a spreadsheet would take for a formula gets a `'` in front, and so does one that begins with `'`
    or is an empty text: `from_row` takes exactly one away, and no byte is lost.
    """
    plain = as_plain(event)
    plain["data"] = canonical(event.data)
    return {key: "" if value is None else _safe(str(value)) for key, value in plain.items()}


def from_row(row: Mapping[str, str]) -> AuditEvent:
    """The event that `as_row` wrote. Raises BugError when it is none."""
    try:
        return _event({key: _cell(row[key]) for key in COLUMNS})
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BugError(f"this is no audit event: {error}") from error


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""How a cell begins that a spreadsheet calculates. https://owasp.org/www-community/attacks/CSV_Injection"""


def _safe(text: str) -> str:
    return f"'{text}" if not text or text.startswith(_FORMULA) else text


def _cell(cell: str) -> str | None:
    return cell.removeprefix("'") if cell else None


def from_plain(plain: Mapping[str, object]) -> AuditEvent:
    """The event that `as_plain` wrote out, so that an export can be verified; or one of text alone, in which an empty
    text is nothing. Raises BugError when it is none."""
    try:
        text_alone = isinstance(plain["data"], str)
        values = {key: None if text_alone and plain[key] == "" else plain[key] for key in COLUMNS}
        return _event(values | {"kind": plain["kind"]})
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BugError(f"this is no audit event: {error}") from error


def _event(values: Mapping[str, object]) -> AuditEvent:
    data = values["data"]
    return AuditEvent(
        id=int(str(values["id"])),
        at=datetime.fromisoformat(str(values["at"])),
        kind=str(values["kind"]),
        actor=None if values["team"] is None else Person(str(values["team"]), str(values["user"])),
        request=None if values["request"] is None else RequestId(int(str(values["request"]))),
        lane=None if values["lane"] is None else LaneId(str(values["lane"])),
        data=as_json_keeps_it(json.loads(data) if isinstance(data, str) else data),
        previous=str(values["previous"]),
        hash=str(values["hash"]),
    )
