"""A database that another process keeps locked, as a backup tool or somebody's shell may: waited for, said, and gone on from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.crashes.acts import goes_at_once, waits_for_a_lead
from tests.crashes.lives import alive
from tests.crashes.trouble import made, scene
from tests.journeys.cast import ALICE

LOCKED = "The database is locked by another process"


@contextmanager
def locked(database: Path, *, alone: bool = False) -> Iterator[None]:
    """By a writer; with `alone` nobody can even read."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        if alone:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("PRAGMA user_version = 0")
        yield
        other.execute("ROLLBACK")


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True])
async def test_a_locked_database_stops_the_start_with_the_reason(alone: bool) -> None:
    """After some seconds of patience; the supervisor tries again, and then it starts."""
    async with scene() as s:
        made(s.stage.database)
        with locked(s.stage.database, alone=alone):
            assert LOCKED in await s.cannot_start()
        async with alive(s.cradle, s.stage):
            await s.settled(await goes_at_once(s.people))


@pytest.mark.slow
async def test_a_lock_of_a_moment_is_only_waited_for() -> None:
    """Longer than Slack waits: the person is told to be patient, and gets the answer."""
    async with scene() as s, alive(s.cradle, s.stage):
        with locked(s.stage.database):
            said = await s.types(ALICE, "share base-ubuntu-24 to shop-dev")
            assert "This takes longer than usual" in said
            assert "please do not send it again" in said
        await s.stage.told(ALICE, "Request #1 is recorded")
        assert await s.stage.settled() == "ended"
        assert len(s.stage.added()) == 1


@pytest.mark.slow
async def test_a_lock_that_lasts_is_told_to_everybody_and_gone_on_from() -> None:
    """Neither the person nor the operator has to guess; nobody has to restart anything."""
    async with scene() as s, alive(s.cradle, s.stage) as life:
        end = await waits_for_a_lead(s.people)
        with locked(s.stage.database):
            await s.types(ALICE, "share base-ubuntu-24 to shop-dev")
            told = await s.until_store(lambda store: not store["ok"])
            assert told["status"] == 503
            answer = await s.stage.told(ALICE, "Nothing was recorded", 20)
            assert "the bot is too busy just now. Please try again in a minute." in answer
        await s.until_store(lambda store: store["ok"])
        await s.settled(end, await goes_at_once(s.people))
        assert await life.terminate() == 0


@pytest.mark.slow
async def test_a_bot_is_stopped_in_good_order_while_the_database_is_locked() -> None:
    """What could not be stored is done by the next one."""
    async with scene() as s:
        async with alive(s.cradle, s.stage) as life:
            end = await waits_for_a_lead(s.people)
            with locked(s.stage.database):
                assert await life.terminate(30) == 0
        async with alive(s.cradle, s.stage):
            await s.settled(end)
