"""A byte of the database file that is not what it was: a row is named, or the file is said to be damaged."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store import SqliteStore, rows
from bot.domain.errors import BotError
from bot.domain.model import AuditEvent, RequestId
from tests.adapters.store.audit_logs import a_log, found
from tests.contracts.store_builders import NOON

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def log(tmp_path: Path) -> tuple[Path, tuple[AuditEvent, ...]]:
    path = tmp_path / "true.db"
    return path, await a_log(path)


def copy(path: Path) -> Path:
    """A copy to forge, without what SQLite left beside the last one."""
    for left in path.parent.glob("forged.db*"):
        left.unlink()
    return Path(shutil.copy(path, path.with_name("forged.db")))


def _pages(path: Path) -> list[int]:
    """Pages of the table and its indexes, from 0."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'events' AND rootpage > 0"
        return [page - 1 for (page,) in connection.execute(query)]


@settings(quick, max_examples=40)
@given(data=st.data())
def test_a_flipped_byte_of_the_file_is_never_called_well_when_a_row_changed(
    log: tuple[Path, tuple[AuditEvent, ...]], data: st.DataObject
) -> None:
    """A row is named, or the file is said to be damaged; when neither, every row is still what it was."""
    _flip(log, _pages(log[0]), data)


@pytest.fixture
async def long_log(tmp_path: Path) -> tuple[Path, tuple[AuditEvent, ...]]:
    """Of many pages: with inner nodes, and an index of several leaves."""
    path = tmp_path / "long.db"
    await a_log(path)
    store = SqliteStore(str(path))
    for n in range(60):
        data = {"n": n, "pairs": [["image", f"project-{m}"] for m in range(n % 40)]}
        await store.write(
            lambda tx, data=data: [
                tx.record("event", at=NOON, request=RequestId(1), data=data) for _ in range(10)
            ]
        )  # type: ignore[misc]
    events = await store.read(lambda view: view.events(limit=10_000))
    await store.close()
    return path, events


@pytest.mark.slow
@settings(quick, max_examples=150)
@given(data=st.data())
def test_a_flipped_byte_anywhere_in_a_large_file_is_never_called_well_when_a_row_changed(
    long_log: tuple[Path, tuple[AuditEvent, ...]], data: st.DataObject
) -> None:
    """In inner nodes and indexes, too: whole pages of events may fall out of the tree."""
    _flip(long_log, list(range(1, long_log[0].stat().st_size // 4096)), data)


def _flip(log: tuple[Path, tuple[AuditEvent, ...]], pages: list[int], data: st.DataObject) -> None:
    path = copy(log[0])
    content = bytearray(path.read_bytes())
    page, place = data.draw(st.sampled_from(pages), "page"), data.draw(st.integers(0, 4095), "place")
    content[page * 4096 + place] ^= data.draw(st.integers(1, 255), "flip")
    path.write_bytes(content)
    try:
        sound = found(path).ok
    except BotError:
        return
    if sound:
        assert _read(path) == log[1]


def _read(path: Path) -> tuple[AuditEvent, ...]:
    with closing(sqlite3.connect(path)) as connection:
        return tuple(
            rows.EVENTS.value_of(row) for row in connection.execute("SELECT * FROM events ORDER BY id")
        )
