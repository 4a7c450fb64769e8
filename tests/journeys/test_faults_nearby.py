"""Sockets break, the database is locked, the policy file is broken. Nothing is lost, and what was in force stays so."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.cast import ALICE, LEA, OPS, POLICY
from tests.journeys.stage import Stage, stage


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """The database is written to by somebody else, who does not finish."""
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


# -- sockets --


@pytest.mark.parametrize("reason", ["abrupt", "refresh_requested", "warning", "link_disabled"])
async def test_after_a_lost_socket_commands_arrive_again(reason: str) -> None:
    """Slack drops connections every few hours, and sometimes just so."""
    async with stage() as s:
        await s.until(lambda: s.slack.connections == 2)
        await s.slack.disconnect_sockets(reason)
        await s.until(lambda: s.slack.connections >= 1, 20)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"


@pytest.mark.slow
async def test_a_deaf_socket_is_noticed_and_replaced() -> None:
    """The connection stands, nothing comes through, and no error ever does."""
    async with stage() as s:
        await s.until(lambda: s.slack.connections == 2)
        await s.slack.disconnect_sockets("deaf")
        deaf = list(s.slack.sockets.connections)
        await s.until(lambda: [c for c in s.slack.sockets.ready if c not in deaf], 60)
        await s.until(lambda: not [c for c in s.slack.sockets.ready if c in deaf], 60)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"


# -- the database --


async def test_a_short_lock_of_the_database_is_waited_out() -> None:
    """A backup, a curious operator: nobody notices."""
    async with stage() as s:
        with locked(s.database):
            command = asyncio.create_task(s.command(ALICE, "share base-ubuntu-24 to shop-dev"))
            await asyncio.sleep(0.8)
        assert "Request #1 is recorded" in await command
        assert await s.settled() == "ended"


async def test_a_longer_lock_is_admitted_in_time_and_the_answer_follows() -> None:
    """Slack waits three seconds; an answer that comes later comes by another door, and the request is there once."""
    async with stage() as s:
        with locked(s.database):
            assert "will answer here" in await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        await s.told(ALICE, "Request #1 is recorded")
        assert await s.settled(seconds=30) == "ended"
        assert await s.tree(2) == {}


@pytest.mark.slow
async def test_a_lock_that_does_not_end_is_told_as_nothing_recorded() -> None:
    """And then nothing is."""
    async with stage() as s:
        with locked(s.database):
            await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
            await s.told(ALICE, "Nothing was recorded", seconds=15)
            status, _ = await s.page("/readyz")
            assert status == 503
        await s.command(ALICE, "share base-debian-12 to shop-dev")
        assert await s.settled(seconds=30) == "ended"
        assert await s.tree(2) == {}


async def test_a_reader_that_holds_a_snapshot_does_not_stop_the_bot() -> None:
    """`imagebot audit export` may take its time."""
    async with stage() as s:
        reader = sqlite3.connect(s.database, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"
        reader.close()


# -- the policy file --


def with_freeze(env: str) -> str:
    """The policy with a rule that forbids all that goes to this environment."""
    rule = f'  - {{id: freeze, effect: forbid, when: {{project.env: {{eq: {env}}}}}, message: "Frozen."}}\n'
    return POLICY.replace("rules:\n", f"rules:\n{rule}")


def replaced(s: Stage, text: str) -> None:
    """As an editor or a deployment does it: the whole file at once."""
    fresh = s.policy.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, s.policy)


async def test_a_broken_policy_file_changes_nothing_until_it_is_mended() -> None:
    """The last good one stays in force; operators are told both times."""
    async with stage(ops_channel=OPS) as s:
        replaced(s, POLICY.replace("effect: forbid", "effect: forbit"))
        await s.until(lambda: [m for m in s.slack.messages(OPS) if "was not loaded" in m.text])
        status, page = await s.page("/readyz")
        assert (status, "forbit" in page) == (200, True)
        await s.command(ALICE, "share vault-1 to shop-dev")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "denied"

        replaced(s, with_freeze("dev"))
        await s.until(lambda: [m for m in s.slack.messages(OPS) if "was loaded" in m.text])
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(2) == "ended"
        assert (await s.lane("2.1"))["state"] == "denied"


async def test_a_policy_that_forbids_after_the_approval_is_asked_for_wins() -> None:
    """Judged at the click and at the execution, not only when it was typed."""
    async with stage(ops_channel=OPS) as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        replaced(s, with_freeze("prod"))
        await s.until(lambda: [m for m in s.slack.messages(OPS) if "was loaded" in m.text])

        await s.press(LEA, "Approve")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "denied"
        assert "The policy no longer allows this" in s.thread()[-1]
        assert s.ims.writes() == []


def test_the_lock_of_a_thread_is_a_lock_for_another_connection(tmp_path: Path) -> None:
    """Else the journeys above would prove nothing."""
    path = tmp_path / "one.db"
    sqlite3.connect(path).execute("CREATE TABLE t (x)")
    refused = threading.Event()

    def attempt() -> None:
        with contextlib.suppress(sqlite3.OperationalError):
            sqlite3.connect(path, timeout=0).execute("BEGIN IMMEDIATE")
            return
        refused.set()

    with locked(path):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    assert refused.is_set()
