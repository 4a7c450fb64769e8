"""The whole way of a command to its acknowledgement (goals G1, G2, G3): the bot as it is served, in HTTP mode with all its
checks, its database on the disk and its worker at work, against Bolt with nothing on it.

All servers are started at once and take turns; while one is measured the others are stopped (SIGSTOP). A slice that is not
answered as it should be, a request that was acknowledged and is not stored, and a broken audit log end the measurement.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.load import Commands, Figures, WrongAnswerError, drive
from bench.machine import Measured, hurry, measured
from bench.servers.processes import ROOT, Place, Server, started
from bench.table import Goal, Row, compared, seen_with

WARM_UP = 100
ACKNOWLEDGED = b"is recorded"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Servers that are compared with so many requests under way at once, and how many each gets in a full round."""

    at_once: int
    calls: Mapping[str, int]


ALONE = Group(at_once=1, calls={"prompt": 1000, "imagebot": 1000, "default": 100, "durable": 1000})
SOME = Group(at_once=16, calls={"prompt": 4000, "imagebot": 4000, "durable": 2000, "sync": 2000})
MANY = Group(at_once=64, calls={"prompt": 4000, "imagebot": 4000, "durable": 2000})

Rounds = list[dict[str, Figures]]


def run(rounds: int = 7, *, quick: bool = False) -> list[dict[str, Any]]:
    """The rows of G1, G2 and G3. Quick: a quarter of the requests, and a disturbed group is not repeated."""
    hurry(os.getpid())
    with tempfile.TemporaryDirectory(prefix="imagebot-bench-", dir=disk()) as folder:
        with started(Path(folder)) as place:
            course = _Course(place, quick=quick)
            alone, some, many = (course.measured(group, rounds) for group in (ALONE, SOME, MANY))
            course.check()
        return [asdict(row) for row in (*_alone(alone), *_some(some), *_many(many))]


def disk() -> str | None:
    """A folder that is a disk: /tmp may be memory, where a commit costs nothing."""
    return "/var/tmp" if Path("/var/tmp").is_dir() else None


class _Course:
    def __init__(self, place: Place, *, quick: bool) -> None:
        self._place, self._quick = place, quick
        self._commands = Commands(place.team, place.slack_url, place.secret)
        self._promised = 0
        for server in place.servers:
            if server is not place.outside:
                asyncio.run(self._slice(server, at_once=4, calls=WARM_UP))

    def measured(self, group: Group, rounds: int) -> Measured[Rounds]:
        return measured(lambda: asyncio.run(self._rounds(group, rounds)), again=not self._quick)

    async def _rounds(self, group: Group, rounds: int) -> Rounds:
        servers = {server.name: server for server in self._place.servers}
        taken: Rounds = []
        for _ in range(rounds):
            figures = {}
            for name, calls in group.calls.items():
                with self._place.alone(servers[name]):
                    fewer = calls // 4 if self._quick else calls
                    figures[name] = await self._slice(servers[name], at_once=group.at_once, calls=fewer)
            taken.append(figures)
        return taken

    async def _slice(self, server: Server, *, at_once: int, calls: int) -> Figures:
        ours = server is self._place.bot
        warm_up = min(WARM_UP, calls)
        requests = self._commands.take(warm_up + calls)
        expected = ACKNOWLEDGED if ours else b""
        figures = await drive(server.url, requests, at_once=at_once, warm_up=warm_up, expected=expected)
        self._promised += len(requests) if ours else 0
        return figures

    def check(self) -> None:
        """Every acknowledged command is in the database, and the audit log is whole. Raises WrongAnswerError, ServerError."""
        self._place.bot.stop()
        with closing(sqlite3.connect(self._place.database)) as connection:
            (stored,) = connection.execute("SELECT count(*) FROM requests").fetchone()
        if stored != self._promised:
            raise WrongAnswerError(f"{self._promised} commands were acknowledged and {stored} are stored")
        command = [
            sys.executable,
            "-m",
            "bot",
            "audit",
            "verify",
            "--json",
            "--database",
            str(self._place.database),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
        if done.returncode or not json.loads(done.stdout)["ok"]:
            raise WrongAnswerError(f"the audit log is broken: {done.stdout}{done.stderr}")


# -- the rows ------------------------------------------------------------------------------------------


def _alone(taken: Measured[Rounds]) -> list[Row]:
    def row(what: str, floor: str, bound: Goal) -> Row:
        return _row(taken, ("G1", f"p50 ms of a command at 1 at once, against {what}"), floor, _p50, bound)

    return [
        row("bare Bolt, prompt", "prompt", Goal(most=2.0)),
        row("bare Bolt, default", "default", Goal(most=0.1)),
        row("bare Bolt + one row", "durable", Goal()),
    ]


def _some(taken: Measured[Rounds]) -> list[Row]:
    def row(what: str, floor: str, bound: Goal) -> Row:
        return _row(taken, ("G2", f"commands/s at 16 at once, against {what}"), floor, _rate, bound)

    p99 = ("G3", "p99 ms at 16 at once, against bare Bolt, prompt")
    return [
        row("bare Bolt, prompt", "prompt", Goal(least=0.7)),
        row("bare Bolt + one row", "durable", Goal()),
        row("gunicorn", "sync", Goal(least=2.5)),
        _row(taken, p99, "prompt", _p99, Goal(most=1.5)),
        _row(taken, ("G3", "p99 ms at 16 at once, against bare Bolt + one row"), "durable", _p99, Goal()),
    ]


def _many(taken: Measured[Rounds]) -> list[Row]:
    def row(what: str, floor: str, bound: Goal) -> Row:
        return _row(taken, ("G2", f"commands/s at 64 at once, against {what}"), floor, _rate, bound)

    return [
        row("bare Bolt, prompt", "prompt", Goal(least=0.7)),
        row("bare Bolt + one row", "durable", Goal()),
    ]


def _row(
    taken: Measured[Rounds],
    named: tuple[str, str],
    floor: str,
    figure: Callable[[Figures], float],
    bound: Goal,
) -> Row:
    floors: Sequence[float] = [figure(one[floor]) for one in taken.value]
    ours: Sequence[float] = [figure(one["imagebot"]) for one in taken.value]
    row = compared(*named, floors, ours, bound)
    return seen_with(row, taken)


def _p50(figures: Figures) -> float:
    return figures.p50


def _p99(figures: Figures) -> float:
    return figures.p99


def _rate(figures: Figures) -> float:
    return figures.rate
