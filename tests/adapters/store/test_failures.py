"""What goes wrong around a database: somebody else's lock, a full disk, no rights, two bots. Nobody waits for ever, nothing that was
answered is lost, and it works again when the trouble is over."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import pytest

from bot.adapters.store import SqliteStore, migrate
from bot.adapters.store.lockfile import LockFile
from bot.adapters.store.migrations import versions
from bot.adapters.store.transaction import SqliteTransaction
from bot.domain.errors import StoreBrokenError, StoreBusyError
from tests.adapters.store.witness import keys, pragma, told

# -- somebody else's lock ----------------------------------------------------------------------------------------


async def test_a_database_locked_by_somebody_else_is_busy_and_then_works_again(
    store: SqliteStore, path: str
) -> None:
    """A person with an editor for databases must not cost a request."""
    await store.write(told("before"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(
            *[store.write(told(f"during-{n}")) for n in range(3)], return_exceptions=True
        )
        assert await keys(store) == ["before"]
        other.execute("ROLLBACK")

    assert all(isinstance(answer, StoreBusyError) for answer in answers)
    await store.write(told("after"))
    assert await keys(store) == ["before", "after"]


async def test_what_another_process_recorded_is_not_forked(path: str) -> None:
    """The head of the audit chain is remembered; somebody else's event makes it another."""
    one, two = SqliteStore(path), SqliteStore(path, exclusive=False)
    for n in range(6):
        await (one, two)[n % 2].write(told(f"key-{n}"))

    assert await keys(one) == [f"key-{n}" for n in range(6)]
    await one.close()
    await two.close()


async def test_a_second_bot_on_the_same_database_is_refused(path: str) -> None:
    """Two would do everything twice."""
    first = SqliteStore(path)

    with pytest.raises(StoreBrokenError, match="in use by another imagebot"):
        SqliteStore(path)

    await first.close()
    await SqliteStore(path).close()


async def test_a_migration_waits_until_the_bot_has_stopped(path: str) -> None:
    """Nobody changes tables under a running bot; when there is nothing to change, nobody is disturbed."""
    running = LockFile(path)
    with pytest.raises(StoreBrokenError, match="in use by another imagebot"):
        migrate(path)
    running.release()

    assert migrate(path) == list(versions())
    running = LockFile(path)
    assert migrate(path) == []
    running.release()


# -- no room, no rights ------------------------------------------------------------------------------------------


async def test_a_full_database_says_so_and_works_again_with_room(store: SqliteStore) -> None:
    """Everything answered before is there, nothing of what failed is."""
    await store.write(told("before"))
    pages = await pragma(store, "page_count")
    await pragma(store, f"max_page_count = {pages}")

    answers = await asyncio.gather(
        *[store.write(told(f"during-{n}", "x" * 5000)) for n in range(9)], return_exceptions=True
    )

    assert all(isinstance(answer, StoreBrokenError) for answer in answers)
    assert "disk is full" in str(answers[0])
    assert await keys(store) == ["before"]
    await pragma(store, "max_page_count = 1000000")
    await store.write(told("after", "x" * 5000))
    assert await keys(store) == ["before", "after"]


@contextmanager
def _no_file_longer_than(size: int) -> Iterator[None]:
    """For this process; Python ignores the signal that comes with it, so that a write fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_commit_that_fails_is_nobodys_success(store: SqliteStore, path: str) -> None:
    """All steps went well; only the disk did not. Who was told so asks again, and the audit chain goes on."""
    await store.write(told("before"))

    with _no_file_longer_than(Path(f"{path}-wal").stat().st_size + 2000):
        alone = await asyncio.gather(store.write(told("alone")), return_exceptions=True)
        many = await asyncio.gather(
            *[store.write(told(f"many-{n}")) for n in range(20)], return_exceptions=True
        )

    assert {type(answer) for answer in (*alone, *many)} == {StoreBrokenError}
    assert len({id(answer) for answer in many}) == 20
    assert await keys(store) == ["before"]
    await store.write(told("after"))
    assert await keys(store) == ["before", "after"]


async def test_a_database_that_became_read_only_says_so(store: SqliteStore) -> None:
    """The disk was mounted anew without the right to write."""
    connection = await store.write(lambda tx: cast(SqliteTransaction, tx)._sql.connection)
    connection.execute("PRAGMA query_only = ON")

    answers = await asyncio.gather(
        *[store.write(told(f"during-{n}")) for n in range(3)], return_exceptions=True
    )

    assert all(isinstance(answer, StoreBrokenError) and "read-only" in str(answer) for answer in answers)
    connection.execute("PRAGMA query_only = OFF")
    await store.write(told("after"))
    assert await keys(store) == ["after"]


@contextmanager
def _as_somebody_without_rights() -> Iterator[None]:
    """Root may write everything, whatever a file's mode says."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_without_the_right_to_write_is_refused() -> None:
    """At the start, not at the first command."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "imagebot.db"
        migrate(str(path))
        Path(f"{path}.lock").chmod(0o666)
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        try:
            with _as_somebody_without_rights(), pytest.raises(StoreBrokenError, match=r"imagebot\.db"):
                SqliteStore(str(path), busy_timeout=0.05)
        finally:
            Path(folder).chmod(0o755)
