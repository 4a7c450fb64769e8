"""Start and memory (goal G10): from spawning `imagebot serve` on an empty disk to its first acknowledged command, what its
modules cost to import, and what it holds in memory when idle; against the same of a bare Bolt echo."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.command_path import ACKNOWLEDGED, disk
from bench.growth import resident_mb
from bench.load import Commands, drive
from bench.machine import Measured, measured
from bench.servers.processes import ROOT, Server, Surroundings, address_of, surroundings
from bench.table import Goal, Row, compared, seen_with

ECHO, OURS = "import bench.servers.echo", "import bot.app.serve"

Pair = tuple[float, float]
"""The floor's figure and ours."""


def run(rounds: int = 7) -> list[dict[str, Any]]:
    """The rows of G10."""
    with (
        tempfile.TemporaryDirectory(prefix="imagebot-bench-", dir=disk()) as folder,
        surroundings(Path(folder)) as around,
    ):
        _first_ack(around.bot, around, ACKNOWLEDGED)  # the compiled files are there from now on
        starts = measured(lambda: [_started(around) for _ in range(rounds)])
    imports = measured(lambda: [(_import_ms(ECHO), _import_ms(OURS)) for _ in range(rounds)])
    seconds = replace(starts, value=[(floor[0], own[0]) for floor, own in starts.value])
    memory = replace(starts, value=[(floor[1], own[1]) for floor, own in starts.value])
    return [
        asdict(_row("ms from spawn to the first acknowledged command, against bare Bolt", seconds, 1.3)),
        asdict(_row("ms of CPU to import all modules, against bare Bolt", imports, 1.25)),
        asdict(_row("MB resident when idle, against bare Bolt", memory, 1.3)),
    ]


def _started(around: Surroundings) -> tuple[Pair, Pair]:
    """Milliseconds and MB of the echo, and of the bot."""
    return _first_ack(around.echo, around, b""), _first_ack(around.bot, around, ACKNOWLEDGED)


def _first_ack(
    start: Callable[[], AbstractContextManager[Server]], around: Surroundings, expected: bytes
) -> Pair:
    commands = Commands(around.team, around.slack_url, around.environment["SLACK_SIGNING_SECRET"])
    began = time.perf_counter()
    with start() as server:
        url = address_of(server)
        asyncio.run(drive(url, commands.take(2), at_once=1, warm_up=0, expected=expected))
        took = (time.perf_counter() - began) * 1e3
        return took, resident_mb(server.process.pid)


def _import_ms(statement: str) -> float:
    """User and system time of a new interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {"PATH": os.environ.get("PATH", "")}
    subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def _row(what: str, taken: Measured[list[Pair]], most: float) -> Row:
    row = compared(
        "G10", what, [one[0] for one in taken.value], [one[1] for one in taken.value], Goal(most=most)
    )
    return seen_with(row, taken)
