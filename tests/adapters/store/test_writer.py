"""What was answered is on the disk, what is read is of one moment, and no step can get around either."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.adapters.store import SqliteStore
from bot.adapters.store.transaction import SqliteTransaction
from bot.domain.errors import BugError
from bot.domain.model import Request, RequestId
from bot.ports import Transaction, View
from tests.adapters.store.witness import keys, pragma, told
from tests.contracts.store_builders import NOON, a_lane, a_request, stored_request

# -- durability --------------------------------------------------------------------------------------------------


async def test_every_commit_is_on_the_disk_before_it_is_answered(store: SqliteStore) -> None:
    """FULL is what makes a promise survive a power cut; no commit pays for a checkpoint."""
    settings = ("synchronous", "journal_mode", "foreign_keys", "wal_autocheckpoint")

    assert [await pragma(store, name) for name in settings] == [2, "wal", 1, 0]


async def test_many_waiters_share_a_commit(store: SqliteStore) -> None:
    """One wait for the disk for all of them: that is where the speed comes from."""
    seen: list[str] = []

    def watch(tx: Transaction) -> None:
        cast(SqliteTransaction, tx)._sql.connection.set_trace_callback(seen.append)

    await store.write(watch)
    seen.clear()

    await asyncio.gather(*[store.write(told(f"key-{n}")) for n in range(100)])

    assert seen.count("COMMIT") < 20
    assert len(await keys(store)) == 100


async def test_the_log_is_cut_when_it_grows_too_large(path: str) -> None:
    """Else it would fill the disk under unbroken load."""
    store = SqliteStore(path, largest_log=100_000)
    log = Path(f"{path}-wal")

    async def load() -> None:
        for n in range(100):
            await asyncio.gather(*[store.write(told(f"key-{n}-{i}")) for i in range(64)])
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


async def test_the_log_starts_over_under_unbroken_load(path: str) -> None:
    """A file that is written over is on the disk in half the time of one that grows: every commit waits for that."""
    store = SqliteStore(path)
    log = Path(f"{path}-wal")
    sizes: list[int] = []

    async def load(who: int) -> None:
        for n in range(300):
            await asyncio.gather(*[store.write(told(f"key-{who}-{n}-{i}")) for i in range(5)])
            sizes.append(log.stat().st_size)

    await asyncio.gather(*[load(who) for who in range(8)])
    await store.close()

    after_a_checkpoint = sizes[len(sizes) // 3]
    assert max(sizes) < 2 * after_a_checkpoint


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
    beside = await asyncio.gather(
        *[store.write(s) for s in (told("one"), step, told("two"))], return_exceptions=True
    )

    assert "FOREIGN KEY" in str(alone[0])
    assert "FOREIGN KEY" in str(beside[1])
    assert await keys(store) == ["one", "two"]


async def test_even_a_strange_error_is_answered(store: SqliteStore) -> None:
    """A future cannot carry StopIteration; the waiter must hear of it all the same."""
    with pytest.raises(Exception, match="StopIteration"):
        await store.write(lambda tx: next(iter(())))

    with pytest.raises(SystemExit):
        await store.write(lambda tx: exit(3))
    assert await keys(store) == []


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
    leaving = asyncio.create_task(store.write(told("left")))
    staying = asyncio.create_task(store.write(told("stayed")))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(holding, staying)

    assert await keys(store) == ["stayed"]


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
    await store.write(told("after"))
    assert await keys(store) == ["after"]


async def test_a_read_does_not_see_what_is_written_while_it_runs(store: SqliteStore) -> None:
    """A request and its lanes must fit together on a card, however slow the reading is."""
    await store.write(told("before"))
    loop, begun, written = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def slow(view: View) -> tuple[int, int]:
        requests = len(view.requests("all"))
        loop.call_soon_threadsafe(begun.set)
        written.wait(10)
        return requests, len(view.events())

    reading = asyncio.create_task(store.read(slow))
    await begun.wait()
    await store.write(told("during"))
    written.set()

    assert await reading == (1, 1)
    assert await keys(store) == ["before", "during"]
