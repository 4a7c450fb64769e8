"""A disk without room: nothing is taken that cannot be kept, everybody is told, and with room again it goes on by itself."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.crashes.acts import goes_at_once, waits_for_a_lead
from tests.crashes.disks import SmallDisk, small_disk
from tests.crashes.lives import Life, alive
from tests.crashes.trouble import Scene, said_plainly, scene
from tests.journeys.cast import ALICE, BOB, LEA

NOTHING = "Nothing was recorded: the bot cannot store anything just now"


@asynccontextmanager
async def full() -> AsyncIterator[tuple[Scene, SmallDisk, Path]]:
    async with scene() as s:
        with tempfile.TemporaryDirectory() as logs, small_disk(s.stage) as disk:
            yield s, disk, Path(logs)


async def test_on_a_full_disk_nothing_is_taken_and_with_room_it_goes_on() -> None:
    """An acknowledgement that lies is worse than none."""
    async with full() as (s, disk, logs), alive(s.cradle, s.stage, logs=logs) as life:
        n = await s.people.asks(BOB, "share base-debian-12 to shop-prod because CHG-2")
        await s.stage.until(lambda: s.stage.button("Approve", f"{n}.1"))
        await s.stage.quiet()
        disk.fill(life)

        assert NOTHING in await s.types(ALICE, "share base-ubuntu-24 to shop-dev")
        await s.clicks(LEA, "Approve", f"{n}.1")
        assert NOTHING in await s.stage.told(LEA, "Nothing was recorded")
        told = await s.until_store(lambda store: not store["ok"])
        assert told["status"] == 503
        assert "disk" in told["why"]
        assert (await s.stage.page("/healthz"))[0] == 200
        assert "Waiting for 1 of leads" in await s.types(BOB, f"status #{n}")

        disk.free(life)
        assert (await s.until_store(lambda store: store["ok"]))["status"] == 200
        await s.people.press(LEA, "Approve", f"{n}.1")
        again = await goes_at_once(s.people)
        await s.stage.settled(n, 60)
        await s.settled(
            again, replace(again, request=n, lanes={f"{n}.1": "succeeded"}, decisions=1, shared={}, says=())
        )
        assert await life.terminate() == 0


async def in_the_middle(s: Scene, disk: SmallDisk, life: Life) -> None:
    """The disk is full while a job runs."""
    end = await waits_for_a_lead(s.people)
    await s.stage.until(lambda: s.stage.ims.jobs)
    disk.fill(life)
    await s.until_store(lambda store: not store["ok"])
    disk.free(life)
    await s.settled(end)


@pytest.mark.slow
async def test_a_job_that_ran_while_the_disk_was_full_is_followed_to_its_end() -> None:
    """Nobody has to restart anything."""
    async with full() as (s, disk, logs), alive(s.cradle, s.stage, logs=logs) as life:
        await in_the_middle(s, disk, life)
        assert await life.terminate() == 0


@pytest.mark.slow
async def test_a_bot_is_stopped_in_good_order_on_a_full_disk() -> None:
    """An exit code of 1 would make a supervisor start it again, and again."""
    async with full() as (s, disk, logs):
        async with alive(s.cradle, s.stage, logs=logs) as life:
            end = await waits_for_a_lead(s.people)
            disk.fill(life)
            assert await life.terminate(30) == 0
            assert said_plainly(life) == ""
        disk.free()
        async with alive(s.cradle, s.stage, logs=logs) as life:
            await s.settled(end)


@pytest.mark.slow
async def test_on_a_full_disk_a_new_bot_does_not_start_and_says_why() -> None:
    """There is not even a database yet."""
    async with full() as (s, disk, logs):
        if not disk.mounted:  # what stands for a full disk needs a life to stand for
            s.stage.database.mkdir()
            assert "Is a directory" in await s.cannot_start(logs=logs)
            return
        disk.fill()
        assert "The disk is full: the database cannot grow. Make room" in await s.cannot_start(logs=logs)
        disk.free()
        async with alive(s.cradle, s.stage, logs=logs):
            await s.settled(await goes_at_once(s.people))
