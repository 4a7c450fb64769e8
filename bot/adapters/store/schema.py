"""What the program demands of the newest schema: constraints made from the enums of the domain. The tables
themselves are made by migrations, each frozen with the words of its day; `differences` finds a word that has
no migration yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.domain.model import Action, DueKind, InboxKind
from bot.domain.notices import NoticeKind, NoticeState, Topic
from bot.domain.states import (
    FINAL_LANE_STATES,
    FINAL_REQUEST_STATES,
    JobState,
    LaneState,
    MemberOutcome,
    RequestState,
)  # fmt: skip

OPEN_REQUEST_STATES = tuple(state for state in RequestState if state not in FINAL_REQUEST_STATES)
IN_FLIGHT = (JobState.QUEUED, JobState.SUBMITTING, JobState.RUNNING, JobState.VERIFYING, JobState.UNKNOWN)
UNDELIVERED = (NoticeState.PENDING, NoticeState.SENDING, NoticeState.UNSURE)


def words(values: Iterable[StrEnum]) -> str:
    """The values as an SQL list, in their enum's order: `('a', 'b')`."""
    values = set(values)
    ordered = [word for enum in {type(value) for value in values} for word in enum if word in values]
    return "(" + ", ".join(f"'{word.value}'" for word in ordered) + ")"


def _one_of(column: str, enum: type[StrEnum]) -> str:
    return f"CHECK ({column} IN {words(enum)})"


CHECKS: Mapping[str, tuple[str, ...]] = {
    "requests": (_one_of("action", Action), _one_of("state", RequestState)),
    "lanes": (
        _one_of("state", LaneState),
        f"CHECK ((ended_at IS NOT NULL) = (state IN {words(FINAL_LANE_STATES)}))",
    ),
    "members": (_one_of("outcome", MemberOutcome),),
    "jobs": (_one_of("action", Action), _one_of("state", JobState)),
    "inbox": (_one_of("kind", InboxKind),),
    "notices": (
        _one_of("kind", NoticeKind),
        _one_of("state", NoticeState),
        f"CHECK ((kind = '{NoticeKind.CARD}') = (message IS NULL))",
        _one_of("topic", Topic),
    ),
    "due": (_one_of("kind", DueKind),),
}
"""Every constraint that names a word of the domain, by table."""


def differences(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What the database's tables lack of CHECKS, one sentence each; empty when program and database agree."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
    tables = {name: " ".join(sql.split()) for name, sql in connection.execute(query) if sql}
    return tuple(
        f"table {table} lacks {check}"
        for table, checks in CHECKS.items()
        for check in checks
        if check not in tables.get(table, "")
    )
