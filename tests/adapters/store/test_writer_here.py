"""Steps are written where they were brought; what would hold up the loop for long is left to the writer's thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore
from bot.adapters.store.writer import ELSEWHERE, LONGEST_HERE, LONGEST_STEP, MOST_HERE
from bot.domain.errors import BugError, StoreBrokenError, StoreBusyError
from bot.ports import Transaction
from tests.adapters.store.witness import keys, told
from tests.contracts.store_builders import stored_request


def where(tx: Transaction) -> str:
    return threading.current_thread().name


HERE, WRITER = threading.main_thread().name, "imagebot-store-writer"


async def settled(store: SqliteStore) -> None:
    """Past the steps that the opening's own slowness sent elsewhere."""
    for _ in range(2 * ELSEWHERE):
        if await store.write(where) == HERE:
            return


async def test_a_lone_step_wakes_no_thread(store: SqliteStore) -> None:
    """Two threads waking each other cost an acknowledgement as much as its commit."""
    assert HERE in [await store.write(where) for _ in range(3 * ELSEWHERE)]


async def test_steps_that_come_together_share_one_commit_here(store: SqliteStore) -> None:
    """Taking turns with a thread, statement by statement, would take longer than doing it."""
    await settled(store)

    places = [
        set(await asyncio.gather(*[store.write(where) for _ in range(10)])) for _ in range(2 * ELSEWHERE)
    ]

    assert {HERE} in places


async def test_very_many_steps_are_left_to_the_thread(store: SqliteStore) -> None:
    """The loop goes on reading what else comes in."""
    await settled(store)

    places = await asyncio.gather(*[store.write(where) for _ in range(MOST_HERE + 1)])

    assert set(places) == {WRITER}


async def test_a_step_that_fails_among_others_here_undoes_itself_alone(store: SqliteStore) -> None:
    """Its neighbours in the same commit are stored."""
    await settled(store)

    def failing(tx: Transaction) -> None:
        told("key-2")(tx)
        raise BugError("on purpose")

    steps = (told("key-1"), failing, told("key-3"))
    answers = await asyncio.gather(*[store.write(step) for step in steps], return_exceptions=True)

    assert isinstance(answers[1], BugError)
    assert await keys(store) == ["key-1", "key-3"]


async def test_together_they_wait_for_a_lock_elsewhere(path: str) -> None:
    """Each happens once, when the lock is gone."""
    store = SqliteStore(path, busy_timeout=10.0)
    await settled(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.gather(*[store.write(told(f"key-{n}")) for n in range(3)])
        await asyncio.sleep(0.05)
        assert not waiting.done()
        other.execute("ROLLBACK")
    await waiting

    assert sorted(await keys(store)) == ["key-0", "key-1", "key-2"]
    await store.close()


async def test_after_a_slow_step_the_loop_is_spared(store: SqliteStore) -> None:
    """On a slow disk the loop must not stand still for each commit."""

    def slow(tx: Transaction) -> str:
        time.sleep(2 * (LONGEST_HERE + LONGEST_STEP))
        return where(tx)

    while await store.write(slow) != HERE:
        pass

    places = [await store.write(where) for _ in range(ELSEWHERE)]

    assert HERE not in places


async def test_a_locked_database_is_waited_for_by_the_thread(path: str) -> None:
    """A backup tool's lock must not stop the loop: it is waited out elsewhere, and the step happens once."""
    store = SqliteStore(path, busy_timeout=10.0)
    await settled(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.write(told("key-1")))
        ticks = 0
        for _ in range(20):  # the loop goes on
            await asyncio.sleep(0.005)
            ticks += 1
        assert not waiting.done()
        other.execute("ROLLBACK")
    await waiting

    assert ticks == 20
    assert await keys(store) == ["key-1"]
    await store.close()


async def test_a_lock_that_stays_is_told(store: SqliteStore, path: str) -> None:
    """The patience of the settings, whichever thread tries first; nothing is stored."""
    await settled(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            await store.write(told("key-1"))
        other.execute("ROLLBACK")

    assert await keys(store) == []


async def test_the_error_of_a_lone_step_undoes_it(store: SqliteStore) -> None:
    """The next one begins with a clean slate, and the audit log's chain has no gap."""
    await settled(store)

    def failing(tx: Transaction) -> None:
        told("key-1")(tx)
        raise BugError("on purpose")

    with pytest.raises(BugError, match="on purpose"):
        await store.write(failing)
    await store.write(told("key-2"))

    assert await keys(store) == ["key-2"]


async def test_a_row_written_here_is_known_to_the_thread(store: SqliteStore) -> None:
    """Both write through one connection: the head of the audit log must not be read from an old memory."""
    await settled(store)
    now = (await stored_request(store)).created_at
    await store.write(lambda tx: tx.record("here", at=now))
    there = [store.write(lambda tx: tx.record("there", at=now)) for _ in range(MOST_HERE + 1)]
    await asyncio.gather(*there)
    await store.write(lambda tx: tx.record("here", at=now))

    events = await store.read(lambda view: view.events())
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.previous for event in events[1:]] == [event.hash for event in events[:-1]]


async def test_a_step_brought_just_before_the_end_is_done(tmp_path: Path) -> None:
    """`close` finishes what was begun, also what nobody had picked up yet."""
    store = SqliteStore(str(tmp_path / "late.db"))
    late = [asyncio.ensure_future(store.write(told(f"key-{n}"))) for n in range(3)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*late)

    with pytest.raises(StoreBrokenError):
        await store.write(told("key-9"))
    again = SqliteStore(str(tmp_path / "late.db"))
    assert sorted(await keys(again)) == ["key-0", "key-1", "key-2"]
    await again.close()
