"""Files that are not what they were: a torn log is dropped to the last whole commit, anything worse stops the start in plain
words and is left as it was found."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.adapters.store.migrations import MIGRATIONS
from tests.crashes.acts import End, goes_at_once, waits_for_a_lead
from tests.crashes.lives import alive
from tests.crashes.trouble import Scene, made, rows_of, scene
from tests.journeys.cast import BOB, LEA

FRAME = 24 + 4096
"""Bytes of a page in the log with its header, https://www.sqlite.org/fileformat2.html#walformat."""


async def killed_at_work(s: Scene) -> End:
    """A story in the middle, its newest commits in the log alone."""
    async with alive(s.cradle, s.stage) as life:
        end = await waits_for_a_lead(s.people)
        await s.stage.in_state("running")
        await life.kill()
    assert log_of(s.stage.database).stat().st_size > 4 * FRAME
    return end


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def more_behind_the_tail(log: Path) -> None:
    with log.open("ab") as file:
        file.write(os.urandom(FRAME + 100))


def last_frame_torn(log: Path) -> None:
    os.truncate(log, log.stat().st_size - FRAME // 2)


def last_frame_flipped(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(-1000, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0xFF]))


@pytest.mark.parametrize(
    "damage",
    [
        more_behind_the_tail,
        pytest.param(last_frame_torn, marks=pytest.mark.slow),
        pytest.param(last_frame_flipped, marks=pytest.mark.slow),
    ],
)
async def test_a_torn_end_of_the_log_is_dropped_and_the_story_goes_on(damage: object) -> None:
    """Committed frames with a valid checksum stay; nothing is done twice for the lack of the last one."""
    async with scene() as s:
        end = await killed_at_work(s)
        assert callable(damage)
        damage(log_of(s.stage.database))
        async with alive(s.cradle, s.stage) as life:
            await s.settled(end)
            assert await life.terminate() == 0


def test_a_start_that_was_killed_while_it_made_the_tables_is_gone_on_from(tmp_path: Path) -> None:
    """The first thing in the file is the empty list of migrations, in a commit of its own; then it is still ours."""
    database = tmp_path / "bot.db"
    with closing(sqlite3.connect(database)) as db:
        MIGRATIONS.ensure_migrations_table(Database(db))
    made(database)
    assert rows_of(database, "SELECT count(*) FROM events") == [(0,)]


@pytest.mark.slow
async def test_a_lost_shared_memory_file_is_made_anew() -> None:
    """It holds nothing that is not in the log."""
    async with scene() as s:
        end = await killed_at_work(s)
        s.stage.database.with_name("bot.db-shm").unlink()
        async with alive(s.cradle, s.stage):
            await s.settled(end)


@pytest.mark.slow
async def test_a_spoilt_header_is_refused_and_left_alone() -> None:
    """Whoever restores it may want to look at it first."""
    async with scene() as s:
        made(s.stage.database)
        with s.stage.database.open("r+b") as file:
            file.write(b"nothing like SQLite")
        before = s.stage.database.read_bytes()
        assert "The file is not a database." in await s.cannot_start()
        assert s.stage.database.read_bytes() == before


@pytest.mark.slow
async def test_a_spoilt_page_is_found_at_the_start_and_not_by_a_person() -> None:
    """A bot that only fails at some rows looks well and is not."""
    async with scene() as s:
        async with alive(s.cradle, s.stage) as life:
            await s.settled(await goes_at_once(s.people))
            assert await life.terminate() == 0
        (root,) = rows_of(s.stage.database, "SELECT rootpage FROM sqlite_master WHERE name = 'members'")[0]
        with s.stage.database.open("r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(os.urandom(4096))
        before = s.stage.database.read_bytes()
        said = await s.cannot_start()
        assert "The database is malformed. Stop the bot and restore the last good copy." in said
        assert s.stage.database.read_bytes() == before


@pytest.mark.slow
async def test_a_folder_in_the_place_of_the_database_is_named() -> None:
    """A volume mounted one level too deep."""
    async with scene() as s:
        s.stage.database.mkdir()
        said = await s.cannot_start()
        assert "bot.db cannot be opened for writing: Is a directory." in said


@pytest.mark.slow
async def test_a_folder_that_went_missing_is_named() -> None:
    """A volume that was not mounted."""
    async with scene() as s:
        nowhere = s.stage.folder / "nowhere" / "bot.db"
        said = await s.cannot_start(environ={"IMAGEBOT_DATABASE": f"sqlite:///{nowhere}"})
        assert "nowhere/bot.db" in said
        assert "No such file or directory" in said


def only_readable(folder: Path, *, files: bool) -> None:
    """For the user the bot runs as: the folder, or the files in it."""
    for path in folder.iterdir():
        path.chmod(0o444 if files else 0o666)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR | 0o055 if not files else 0o777)


@pytest.mark.slow
@pytest.mark.parametrize("files", [True, False])
async def test_a_read_only_database_stops_the_start_with_the_reason(files: bool, tmp_path: Path) -> None:
    """A volume mounted read-only, or files that belong to somebody else after a restore. With its rights back it goes on."""
    async with scene() as s:
        async with alive(s.cradle, s.stage) as life:
            n = await s.people.asks(BOB, "share base-debian-12 to shop-prod because CHG-2")
            await s.stage.until(lambda: s.stage.button("Approve", f"{n}.1"))
            assert await life.terminate() == 0
        logs = tmp_path / "logs"
        for place in (tmp_path, *tmp_path.parents[:2]):
            place.chmod(0o777)
        logs.mkdir(mode=0o777)
        logs.chmod(0o777)
        only_readable(s.stage.folder, files=files)
        said = await s.cannot_start(nobody=True, logs=logs)
        assert (
            "Permission denied" if files else "the bot's user must be able to write it and its folder"
        ) in said
        s.stage.folder.chmod(0o755)
        for path in s.stage.folder.iterdir():
            path.chmod(0o600)
        async with alive(s.cradle, s.stage):
            await s.people.press(LEA, "Approve", f"{n}.1")
            assert await s.stage.settled(n) == "ended"
