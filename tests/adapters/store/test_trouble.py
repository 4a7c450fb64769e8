"""What goes wrong around a database: somebody else's lock, a full disk, no rights, two bots. Nobody waits for ever, nothing that was
answered is lost, and it works again when the trouble is over."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.adapters.store import SqliteStore, migrate
from bot.adapters.store.lockfile import LockFile
from bot.adapters.store.migrations import versions
from bot.adapters.store.transaction import SqliteTransaction
from bot.domain import audit
from bot.domain.errors import BugError, StoreBrokenError, StoreBusyError
from bot.domain.model import Request, RequestId
from bot.ports import Store, Transaction, View
from tests.contracts.store_builders import NOON, a_lane, a_request, stored_request


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "imagebot.db")


@pytest.fixture
async def store(path: str) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, busy_timeout=0.05)
    yield store
    await store.close()


def _told(key: str, padding: str = "") -> Callable[[Transaction], Request]:
    """A request and its audit event."""

    def step(tx: Transaction) -> Request:
        request = tx.add_request(a_request(key, reason=padding))
        tx.record("request_received", at=NOON, request=request.id, data={"key": key})
        return request

    return step


async def _pragma(store: Store, statement: str) -> object:
    """On the writer's own connection."""

    def step(tx: Transaction) -> object:
        row = cast(SqliteTransaction, tx)._sql.run(f"PRAGMA {statement}").fetchone()
        return row and row[0]

    return await store.write(step)


async def _keys(store: Store) -> list[str]:
    """Those of all stored requests, oldest first; their audit chain must hold."""
    requests, events = await store.read(lambda v: (v.requests("all", limit=9999), v.events(limit=9999)))
    assert audit.verify(events) is None
    assert [event.data["key"] for event in events] == [r.dedupe_key for r in reversed(requests)]
    return [request.dedupe_key for request in reversed(requests)]


# -- somebody else's lock ----------------------------------------------------------------------------------------


async def test_a_database_locked_by_somebody_else_is_busy_and_then_works_again(store: SqliteStore, path: str) -> None:
    """A person with an editor for databases must not cost a request."""
    await store.write(_told("before"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(*[store.write(_told(f"during-{n}")) for n in range(3)], return_exceptions=True)
        assert await _keys(store) == ["before"]
        other.execute("ROLLBACK")

    assert all(isinstance(answer, StoreBusyError) for answer in answers)
    await store.write(_told("after"))
    assert await _keys(store) == ["before", "after"]


async def test_what_another_process_recorded_is_not_forked(path: str) -> None:
    """The head of the audit chain is remembered; somebody else's event makes it another."""
    one, two = SqliteStore(path), SqliteStore(path, exclusive=False)
    for n in range(6):
        await (one, two)[n % 2].write(_told(f"key-{n}"))

    assert await _keys(one) == [f"key-{n}" for n in range(6)]
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
    await store.write(_told("before"))
    pages = await _pragma(store, "page_count")
    await _pragma(store, f"max_page_count = {pages}")

    answers = await asyncio.gather(
        *[store.write(_told(f"during-{n}", "x" * 5000)) for n in range(9)], return_exceptions=True
    )

    assert all(isinstance(answer, StoreBrokenError) for answer in answers)
    assert "disk is full" in str(answers[0])
    assert await _keys(store) == ["before"]
    await _pragma(store, "max_page_count = 1000000")
    await store.write(_told("after", "x" * 5000))
    assert await _keys(store) == ["before", "after"]


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
    await store.write(_told("before"))

    with _no_file_longer_than(Path(f"{path}-wal").stat().st_size + 2000):
        alone = await asyncio.gather(store.write(_told("alone")), return_exceptions=True)
        many = await asyncio.gather(*[store.write(_told(f"many-{n}")) for n in range(20)], return_exceptions=True)

    assert {type(answer) for answer in (*alone, *many)} == {StoreBrokenError}
    assert len({id(answer) for answer in many}) == 20
    assert await _keys(store) == ["before"]
    await store.write(_told("after"))
    assert await _keys(store) == ["before", "after"]


async def test_a_database_that_became_read_only_says_so(store: SqliteStore) -> None:
    """The disk was mounted anew without the right to write."""
    connection = await store.write(lambda tx: cast(SqliteTransaction, tx)._sql.connection)
    connection.execute("PRAGMA query_only = ON")

    answers = await asyncio.gather(*[store.write(_told(f"during-{n}")) for n in range(3)], return_exceptions=True)

    assert all(isinstance(answer, StoreBrokenError) and "read-only" in str(answer) for answer in answers)
    connection.execute("PRAGMA query_only = OFF")
    await store.write(_told("after"))
    assert await _keys(store) == ["after"]


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


# -- durability --------------------------------------------------------------------------------------------------


async def test_every_commit_is_on_the_disk_before_it_is_answered(store: SqliteStore) -> None:
    """FULL is what makes a promise survive a power cut; no commit pays for a checkpoint."""
    settings = ("synchronous", "journal_mode", "foreign_keys", "wal_autocheckpoint")

    assert [await _pragma(store, name) for name in settings] == [2, "wal", 1, 0]


async def test_many_waiters_share_a_commit(store: SqliteStore) -> None:
    """One wait for the disk for all of them: that is where the speed comes from."""
    seen: list[str] = []

    def watch(tx: Transaction) -> None:
        cast(SqliteTransaction, tx)._sql.connection.set_trace_callback(seen.append)

    await store.write(watch)
    seen.clear()

    await asyncio.gather(*[store.write(_told(f"key-{n}")) for n in range(100)])

    assert seen.count("COMMIT") < 20
    assert len(await _keys(store)) == 100


async def test_the_log_is_cut_when_it_grows_too_large(path: str) -> None:
    """Else it would fill the disk under unbroken load."""
    store = SqliteStore(path, largest_log=100_000)
    log = Path(f"{path}-wal")

    async def load() -> None:
        for n in range(100):
            await asyncio.gather(*[store.write(_told(f"key-{n}-{i}")) for i in range(64)])
            if n > 20 and log.stat().st_size <= 100_000:
                return

    await load()
    for _ in range(200):
        if log.stat().st_size <= 100_000:
            break
        await asyncio.sleep(0.01)

    size = log.stat().st_size
    await store.close()
    assert size <= 100_000


async def test_a_closed_database_is_one_file(store: SqliteStore, path: str) -> None:
    """It can be copied as it is."""
    await stored_request(store)
    await store.close()

    assert {file.name for file in Path(path).parent.iterdir()} == {"imagebot.db", "imagebot.db.lock"}


# -- steps that misbehave ----------------------------------------------------------------------------------------


async def test_a_step_cannot_swallow_a_refused_row(store: SqliteStore) -> None:
    """It would report a success that lacks a row, or go on outside its transaction."""

    def step(tx: Transaction) -> str:
        tx.add_request(a_request("kept?"))
        try:
            tx.add_request(a_request("refused", parent=99))
        except Exception:
            return "all well"
        return "not refused"

    alone = await asyncio.gather(store.write(step), return_exceptions=True)
    beside = await asyncio.gather(*[store.write(s) for s in (_told("one"), step, _told("two"))], return_exceptions=True)

    assert "FOREIGN KEY" in str(alone[0])
    assert "FOREIGN KEY" in str(beside[1])
    assert await _keys(store) == ["one", "two"]


async def test_even_a_strange_error_is_answered(store: SqliteStore) -> None:
    """A future cannot carry StopIteration; the waiter must hear of it all the same."""
    with pytest.raises(Exception, match="StopIteration"):
        await store.write(lambda tx: next(iter(())))

    with pytest.raises(SystemExit):
        await store.write(lambda tx: exit(3))
    assert await _keys(store) == []


async def test_a_caller_who_left_before_its_step_ran_has_done_nothing(store: SqliteStore) -> None:
    """Cancelled is cancelled, as far as it can be known."""
    held = asyncio.Event()
    loop = asyncio.get_running_loop()
    release = threading.Event()

    def hold(tx: Transaction) -> None:
        loop.call_soon_threadsafe(held.set)
        release.wait(10)

    holding = asyncio.create_task(store.write(hold))
    await held.wait()
    leaving = asyncio.create_task(store.write(_told("left")))
    staying = asyncio.create_task(store.write(_told("stayed")))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(holding, staying)

    assert await _keys(store) == ["stayed"]


async def test_a_row_saved_by_one_step_is_stale_for_the_next_in_the_same_commit(store: SqliteStore) -> None:
    """Batched or not, the second of two racing clicks is too late."""
    request = await stored_request(store)

    answers = await asyncio.gather(
        *[store.write(lambda tx, n=n: tx.save_request(replace(request, reason=str(n)))) for n in range(10)],  # type: ignore[misc]
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Request) for answer in answers) == 1


async def test_after_a_failed_statement_a_step_can_do_nothing_more(store: SqliteStore) -> None:
    """SQLite may have ended the transaction: what came after would be kept, all by itself."""
    went_on: list[str] = []

    def step(tx: Transaction) -> None:
        with suppress(BugError):
            tx.add_request(a_request("refused", parent=99))
        with suppress(BugError):
            tx.record("went on", at=NOON)
            went_on.append("recorded")
        with suppress(BugError):
            tx.add_lane(a_lane(RequestId(1)), ())
            went_on.append("added")

    with pytest.raises(BugError, match="FOREIGN KEY"):
        await store.write(step)

    assert went_on == []
    await store.write(_told("after"))
    assert await _keys(store) == ["after"]


async def test_a_read_does_not_see_what_is_written_while_it_runs(store: SqliteStore) -> None:
    """A request and its lanes must fit together on a card, however slow the reading is."""
    await store.write(_told("before"))
    loop, begun, written = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def slow(view: View) -> tuple[int, int]:
        requests = len(view.requests("all"))
        loop.call_soon_threadsafe(begun.set)
        written.wait(10)
        return requests, len(view.events())

    reading = asyncio.create_task(store.read(slow))
    await begun.wait()
    await store.write(_told("during"))
    written.set()

    assert await reading == (1, 1)
    assert await _keys(store) == ["before", "during"]
