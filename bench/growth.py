"""What grows with the years (goal G4): the acknowledgement of a command, and the claim of due rows, on a small and on a large
database. Also the figures behind the curves of docs/performance.md.

Each database has a bot of its own; they take turns, the others stopped. Claims are the store's own, on the same files.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.command_path import ACKNOWLEDGED, disk
from bench.grown import grow
from bench.load import Commands, Figures, drive
from bench.machine import Measured, measured
from bench.servers.processes import Bots, bots_on
from bench.table import Goal, Row, compared, seen_with
from bot.adapters.store import SqliteStore
from bot.domain.model import DueKind

SMALL, LARGE, LARGE_QUICK = 1_000, 1_000_000, 100_000
DUE = 2_000
CLAIMS, HANDS = 40, 20
CALLS, WARM_UP = 400, 100


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """The rows of G4. Quick: a hundred thousand requests in place of a million."""
    large = LARGE_QUICK if quick else LARGE
    with grown_databases({SMALL: DUE, large: DUE}) as databases:
        acks = measured(lambda: acknowledged(databases, rounds=2 if quick else 5), again=not quick)
        claims = measured(lambda: claimed(databases, rounds=2 if quick else 5), again=not quick)
    return [
        asdict(_row(f"ack p50 ms at 1 at once, {large:,} stored requests against {SMALL:,}", acks, large, 1.25)),
        asdict(_row(f"us to claim {HANDS} due rows, {large:,} stored requests against {SMALL:,}", claims, large, 2.5)),
    ]  # fmt: skip


@contextmanager
def grown_databases(in_flight: Mapping[int, int]) -> Iterator[Mapping[int, Path]]:
    """A database for each number of requests, with so many jobs in flight; removed at the end."""
    with tempfile.TemporaryDirectory(prefix="imagebot-bench-", dir=disk()) as folder:
        databases = {}
        for requests, jobs in in_flight.items():
            databases[requests] = Path(folder) / f"{requests}.db"
            grow(databases[requests], requests, jobs)
        yield databases


def acknowledged(databases: Mapping[int, Path], *, rounds: int) -> list[Mapping[int, float]]:
    """For each round the p50 of a command's acknowledgement in milliseconds, by number of stored requests."""
    return [{size: figures.p50 for size, (figures, _) in one.items()} for one in driven(databases, rounds)]


def driven(
    databases: Mapping[int, Path], rounds: int, *, jobs: range = range(0)
) -> list[Mapping[int, tuple[Figures, float]]]:
    """For each round how a bot on each database acknowledged, and its resident memory in MB then. `jobs`: rows of the jobs that
    the cloud knows as running; without them nothing is due."""
    with tempfile.TemporaryDirectory(prefix="imagebot-bench-", dir=disk()) as folder:
        copies = {str(size): Path(folder) / path.name for size, path in databases.items()}
        for size, path in databases.items():
            shutil.copyfile(path, copies[str(size)])
            if not jobs:
                idle(copies[str(size)])
        with bots_on(Path(folder), copies, jobs=[jobs] if jobs else ()) as bots:
            commands = Commands(bots.team, bots.slack_url, bots.secret)
            return [
                {size: _slice(bots, commands, size, warm_up=WARM_UP * (1 + 4 * (n == 0))) for size in databases}
                for n in range(rounds)
            ]  # fmt: skip


def idle(database: Path) -> None:
    """Nothing is due in it any more."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM due")


def _slice(bots: Bots, commands: Commands, size: int, *, warm_up: int) -> tuple[Figures, float]:
    with bots.alone(str(size)) as bot:
        requests = commands.take(warm_up + CALLS)
        figures = asyncio.run(drive(bot.url, requests, at_once=1, warm_up=warm_up, expected=ACKNOWLEDGED))
        return figures, resident_mb(bot.process.pid)


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def claimed(databases: Mapping[int, Path], *, rounds: int, hands: int = HANDS) -> list[Mapping[int, float]]:
    """For each round the median microseconds of a durable claim of so many due rows, by number of stored requests."""
    return asyncio.run(_claimed(databases, rounds, hands))


async def _claimed(databases: Mapping[int, Path], rounds: int, hands: int) -> list[Mapping[int, float]]:
    stores = {size: SqliteStore(str(path)) for size, path in databases.items()}
    try:
        return [
            {size: await _claims(store, n, hands) for size, store in stores.items()} for n in range(rounds)
        ]
    finally:
        for store in stores.values():
            await store.close()


async def _claims(store: SqliteStore, number: int, hands: int) -> float:
    """Claims, and gives back what was claimed, so that the next round finds as many."""
    now = datetime.now(UTC)
    until, took = now + timedelta(minutes=1), []
    for n in range(CLAIMS):
        claim = f"{number}-{n}"
        began = time.perf_counter()
        rows = await store.write(
            lambda tx, c=claim: tx.claim_due(now, kinds=(DueKind.POLL,), until=until, claim=c, limit=hands)  # type: ignore[misc]
        )
        took.append((time.perf_counter() - began) * 1e6)
        assert len(rows) == hands, "the database has too few due rows"
        await store.write(lambda tx, them=rows: [tx.postpone(due, due.at) for due in them])  # type: ignore[misc]
    return statistics.median(took)


def _row(what: str, taken: Measured[list[Mapping[int, float]]], large: int, most: float) -> Row:
    floors, ours = [one[SMALL] for one in taken.value], [one[large] for one in taken.value]
    row = compared("G4", what, floors, ours, Goal(most=most))
    return seen_with(row, taken)
