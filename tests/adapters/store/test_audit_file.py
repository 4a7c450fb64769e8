"""Whatever is done to the audit log's rows in a real database file is found, and the right row is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store import rows
from bot.domain.model import AuditEvent
from tests.adapters.store.audit_logs import CONTENTS, a_log, a_retained_log, anchor, forger, found

COLUMNS = rows.EVENTS.columns
LENGTH = len(CONTENTS)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def log(tmp_path: Path) -> tuple[Path, tuple[AuditEvent, ...]]:
    path = tmp_path / "true.db"
    return path, await a_log(path)


def copy(path: Path) -> Path:
    """A copy to forge."""
    return Path(shutil.copy(path, path.with_name("forged.db")))


async def test_a_log_nobody_touched_is_sound(log: tuple[Path, tuple[AuditEvent, ...]]) -> None:
    """Else nobody would believe the alarm."""
    path, events = log
    result = found(path, *map(anchor, events))

    assert (result.problems, result.first, result.count, result.head) == ((), 1, LENGTH, events[-1].hash)
    assert (result.anchors_fit, result.anchors_unchecked) == (LENGTH, 0)


@quick
@given(data=st.data())
def test_any_byte_changed_in_any_cell_names_the_row(
    log: tuple[Path, tuple[AuditEvent, ...]], data: st.DataObject
) -> None:
    """Every column, every row, every byte, whether it makes sense afterwards or not."""
    path = copy(log[0])
    row = data.draw(st.integers(1, LENGTH), "row")
    column = data.draw(st.sampled_from(COLUMNS[1:]), "column")
    with forger(path) as connection:
        (cell, kind) = connection.execute(
            f"SELECT CAST({column} AS BLOB), typeof({column}) FROM events WHERE id = ?", (row,)
        ).fetchone()
        cell = cell or b""
        at = data.draw(st.integers(0, len(cell)), "position")
        byte = data.draw(st.integers(0, 255), "byte")
        other = cell[:at] + bytes([byte]) + cell[at + 1 :]
        if other == cell:
            return
        try:
            value = int(other) if kind == "integer" else other
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute(
                f"UPDATE events SET {column} = CAST(? AS {'INTEGER' if kind == 'integer' else 'TEXT'}) WHERE id = ?",
                (value, row),
            )
        except (sqlite3.Error, ValueError, OverflowError):
            return  # the database itself refuses it
        same = connection.execute(
            f"SELECT CAST({column} AS BLOB) IS ? FROM events WHERE id = ?", (cell or None, row)
        ).fetchone()[0]
    if not same:
        assert found(path).row == row


@pytest.mark.parametrize("row", range(1, LENGTH + 1))
async def test_a_changed_number_of_a_row_is_found(log: tuple[Path, tuple[AuditEvent, ...]], row: int) -> None:
    """The id is what people quote; a row may also be hidden below the first one."""
    for id in (-5, 0, LENGTH + 3, 2**62):
        path = copy(log[0])
        with forger(path) as connection:
            connection.execute("UPDATE events SET id = ? WHERE id = ?", (id, row))
        result = found(path, anchor(log[1][-1]))
        assert result.row in {id, row + 1}, result.problems
        assert not found(path).ok


SAME_MEANING = (
    ("data", lambda cell: cell.replace(",", ", ")),
    ("data", lambda cell: cell.replace(":", " :")),
    ("data", lambda cell: json.dumps(json.loads(cell), ensure_ascii=False, separators=(",", ":"))),
    ("data", lambda cell: json.dumps(dict(reversed(json.loads(cell).items())), separators=(",", ":"))),
    ("data", lambda cell: cell.replace("{", '{"why":"nothing",', 1) if '"why"' in cell else cell),
    ("data", lambda cell: cell.replace("1.5", "1.50")),
    ("data", lambda cell: cell.replace("1.5", "15e-1")),
    ("data", lambda cell: cell.replace("true", "1")),
    ("data", lambda cell: cell.replace(":1,", ":1.0,")),
    ("data", lambda cell: cell.replace("null", "NaN")),
    ("data", lambda cell: cell.replace("\\u2603", "\\u2603".upper().replace("\\U", "\\u"))),
    ("data", lambda cell: cell.replace("p\\u00e4", "p\\u00E4")),
    ("data", lambda cell: "[" * 3000 + "]" * 3000),
    ("data", lambda cell: "[]"),
    ("data", lambda cell: "null"),
    ("data", lambda cell: ""),
    ("hash", str.upper),
    ("previous", str.upper),
    ("hash", lambda cell: cell + "\0"),
    ("kind", lambda cell: cell + "\0hidden"),
    ("kind", lambda cell: cell + " "),
    ("kind", lambda cell: cell.encode("utf-16-le").decode("latin-1")),
)


@pytest.mark.parametrize("change", SAME_MEANING)
async def test_other_bytes_with_the_same_meaning_are_named_too(
    log: tuple[Path, tuple[AuditEvent, ...]], change: tuple[str, Any]
) -> None:
    """Two readers must never see two things in one row."""
    column, to = change
    for row in range(1, LENGTH + 1):
        path = copy(log[0])
        with forger(path) as connection:
            (cell,) = connection.execute(f"SELECT {column} FROM events WHERE id = ?", (row,)).fetchone()
            connection.execute(f"UPDATE events SET {column} = ? WHERE id = ?", (to(cell), row))
        assert (to(cell) == cell) == found(path).ok
        if to(cell) != cell:
            assert found(path).row == row


@pytest.mark.parametrize("column", ["actor_team", "actor_user", "lane", "request", "actor_team, actor_user"])
async def test_nothing_and_an_empty_text_are_two_things(
    log: tuple[Path, tuple[AuditEvent, ...]], column: str
) -> None:
    """An event of the bot must not become one of nobody, nor the other way round."""
    for row in range(1, LENGTH + 1):
        for value in ("NULL", "0" if column == "request" else "''"):
            path = copy(log[0])
            names = column.split(", ")
            with forger(path) as connection:
                connection.execute("PRAGMA ignore_check_constraints = ON")
                was = connection.execute(f"SELECT {column} FROM events WHERE id = ?", (row,)).fetchone()
                assigned = ", ".join(f"{name} = {value}" for name in names)
                connection.execute(f"UPDATE events SET {assigned} WHERE id = ?", (row,))
                now = connection.execute(f"SELECT {column} FROM events WHERE id = ?", (row,)).fetchone()
            if was != now:
                assert found(path).row == row


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", "CAST(at AS TEXT)"), ("at", "at + 0.0"), ("at", "9223372036854775807"), ("at", "-9223372036854775808"),
     ("request", "'1'"), ("kind", "CAST(kind AS BLOB)"), ("kind", "7"), ("data", "CAST(data AS BLOB)"),
     ("hash", "CAST(hash AS BLOB)"), ("kind", "CAST(x'ff41' AS TEXT)"), ("at", "at + 1")],
)  # fmt: skip
async def test_a_cell_of_another_type_is_named(
    log: tuple[Path, tuple[AuditEvent, ...]], column: str, value: str
) -> None:
    """The table forbids it; a forger rewrites the table's description first, and sets it back."""
    path = copy(log[0])
    with forger(path) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()
        loose = sql.replace("STRICT", "").replace(" TEXT", " ").replace(" INTEGER", " ")
        loose = loose.replace("id  PRIMARY KEY", "id INTEGER PRIMARY KEY")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'events'", (loose,))
    with forger(path) as connection:
        connection.execute(f"UPDATE events SET {column} = {value} WHERE id = 4")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'events'", (sql,))

    assert found(path).row == 4


@pytest.mark.parametrize("row", range(1, LENGTH + 1))
async def test_a_deleted_row_is_found(log: tuple[Path, tuple[AuditEvent, ...]], row: int) -> None:
    """Its successor is named; at the end the last that is left, and only against a noted head."""
    path = copy(log[0])
    with forger(path) as connection:
        connection.execute("DELETE FROM events WHERE id = ?", (row,))

    result = found(path, anchor(log[1][-1]))
    assert result.row == (row + 1 if row < LENGTH else LENGTH - 1)
    assert found(path).ok == (row == LENGTH)


@pytest.mark.parametrize("gone", range(1, LENGTH))
async def test_a_cut_head_or_tail_is_found(log: tuple[Path, tuple[AuditEvent, ...]], gone: int) -> None:
    """A tail only against a head that was noted outside."""
    path = copy(log[0])
    with forger(path) as connection:
        connection.execute("DELETE FROM events WHERE id <= ?", (gone,))
    assert found(path).row == gone + 1
    path = copy(log[0])
    with forger(path) as connection:
        connection.execute("DELETE FROM events WHERE id > ?", (gone,))
    assert found(path, anchor(log[1][gone])).row == gone
    path = copy(log[0])
    with forger(path) as connection:
        connection.execute("DELETE FROM events")
    assert not found(path, anchor(log[1][0])).ok


@quick
@given(places=st.sets(st.integers(1, LENGTH), min_size=2, max_size=2))
def test_two_rows_that_changed_places_are_found(
    log: tuple[Path, tuple[AuditEvent, ...]], places: set[int]
) -> None:
    """With their numbers or without them."""
    first, second = sorted(places)
    path = copy(log[0])
    with forger(path) as connection:
        for old, new in ((first, -1), (second, first), (-1, second)):
            connection.execute("UPDATE events SET id = ? WHERE id = ?", (new, old))
    assert found(path).row == first


@pytest.mark.parametrize("id", [-3, 0, LENGTH + 1])
async def test_a_row_put_in_is_found(log: tuple[Path, tuple[AuditEvent, ...]], id: int) -> None:
    """Also below the first one, where a reader who begins at 1 never looks."""
    path = copy(log[0])
    with forger(path) as connection:
        connection.execute(
            "INSERT INTO events SELECT ?, at, kind, actor_team, actor_user, request, lane, data, previous, hash"
            " FROM events WHERE id = 4",
            (id,),
        )
    assert found(path).row == id


GUARDS = (
    ("DROP TRIGGER events_are_never_changed", "events_are_never_changed of the audit log is gone"),
    ("CREATE TRIGGER sly AFTER INSERT ON events BEGIN DELETE FROM events WHERE id = 1; END", "sly was added"),
    ("ALTER TABLE events ADD COLUMN remark TEXT", "table events of the audit log was changed"),
    ("DROP INDEX events_by_request", "events_by_request of the audit log is gone"),
)


@pytest.mark.parametrize(("statement", "said"), GUARDS)
async def test_a_guard_that_is_gone_or_changed_is_said(
    log: tuple[Path, tuple[AuditEvent, ...]], statement: str, said: str
) -> None:
    """The rows still fit, but somebody has prepared something."""
    path = copy(log[0])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()

    result = found(path)
    assert said in " ".join(result.problems)
    assert result.row is None


# -- after a retention -----------------------------------------------------------------------------------------------


async def test_a_retained_log_is_sound_and_says_where_it_begins(tmp_path: Path) -> None:
    """And a head noted of what was removed is said to be unchecked, not to be wrong."""
    path = tmp_path / "imagebot.db"
    events = await a_retained_log(path)

    result = found(path, *map(anchor, events), anchor(_gone(events)))
    assert (result.problems, result.first, result.count) == ((), events[0].id, events[-1].id)
    assert events[0].id > 1
    assert (result.anchors_fit, result.anchors_unchecked) == (len(events), 1)


def _gone(events: tuple[AuditEvent, ...]) -> AuditEvent:
    """Some event of before the retention."""
    return replace(events[0], id=1, hash="0" * 64)


async def test_removing_behind_the_seal_by_hand_is_found(tmp_path: Path) -> None:
    """One row more than was sealed, one that was put back, the seal itself, or the head noted at the seam."""
    true = tmp_path / "true.db"
    events = await a_retained_log(true)
    first, seal = events[0], next(e for e in events if e.kind == "audit_retained")
    cases = (
        (f"DELETE FROM events WHERE id = {first.id}", {first.id + 1}),
        (f"DELETE FROM events WHERE id = {seal.id}", {seal.id + 1}),
        (f"UPDATE events SET data = replace(data, 'a test', 'nobody') WHERE id = {seal.id}", {seal.id}),
        (f"UPDATE events SET kind = 'something' WHERE id = {seal.id}", {seal.id}),
        (f"UPDATE events SET data = replace(data, 'first_kept\":{first.id}', 'first_kept\":{first.id + 1}')"
         f" WHERE id = {seal.id}", {seal.id}),
        (f"INSERT INTO events SELECT {first.id - 1}, at, kind, actor_team, actor_user, request, lane, data, previous,"
         f" hash FROM events WHERE id = {first.id}", {first.id - 1}),
        (f"DELETE FROM events WHERE id >= {seal.id}", {first.id}),
    )  # fmt: skip
    for statement, named in cases:
        path = copy(true)
        with forger(path) as connection:
            assert connection.execute(statement).rowcount > 0
        assert found(path).row in named, statement
