"""Whether polling stands in people's way (goal G6): the p99 of a command's acknowledgement while the same process asks the cloud
about its jobs a hundred times a second, against a bot with no job in flight."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.command_path import ACKNOWLEDGED, disk
from bench.grown import grow
from bench.load import Commands, drive
from bench.machine import Measured, measured
from bench.servers.processes import Bots, Server, bots_on
from bench.table import Goal, Row, compared, seen_with

REQUESTS, JOBS = 1_000, 4_000
API_RATE = 150
"""Calls a second that the bot may make in all; the scheduler leaves a part of them to writes and look-ups."""
CALLS, WARM_UP = 1_500, 200
_POLLS = re.compile(r'^imagebot_work_seconds_count\{[^}]*kind="poll"[^}]*\} ([0-9.e+]+)$', re.MULTILINE)

Round = tuple[float, float, float]
"""p99 in ms without and with jobs in flight; polls a second meanwhile."""


def run(rounds: int = 5, *, quick: bool = False) -> list[dict[str, Any]]:
    """The row of G6. Quick: fewer commands in a round."""
    with tempfile.TemporaryDirectory(prefix="imagebot-bench-", dir=disk()) as folder:
        quiet, busy = Path(folder) / "quiet.db", Path(folder) / "busy.db"
        grow(quiet, REQUESTS)
        grow(busy, REQUESTS, JOBS)
        jobs = [range(REQUESTS + 1, REQUESTS + JOBS + 1)]
        databases = {"quiet": quiet, "busy": busy}
        with bots_on(Path(folder), databases, jobs=jobs, IMAGEBOT_API_RATE=str(API_RATE)) as bots:
            commands = Commands(bots.team, bots.slack_url, bots.secret)
            taken = measured(
                lambda: [_round(bots, commands, CALLS // 4 if quick else CALLS) for _ in range(rounds)],
                again=not quick,
            )
    return [asdict(_row(taken))]


def _round(bots: Bots, commands: Commands, calls: int) -> Round:
    with bots.alone("quiet") as bot:
        without, _ = _p99(bot, commands, calls)
    with bots.alone("busy") as bot:
        time.sleep(0.5)  # it was stopped: what became due meanwhile comes all at once
        alongside, polls = _p99(bot, commands, calls)
    return without, alongside, polls


def _p99(bot: Server, commands: Commands, calls: int) -> tuple[float, float]:
    before, began = _polls(bot), time.monotonic()
    requests = commands.take(WARM_UP + calls)
    figures = asyncio.run(drive(bot.url, requests, at_once=1, warm_up=WARM_UP, expected=ACKNOWLEDGED))
    return figures.p99, (_polls(bot) - before) / (time.monotonic() - began)


def _polls(bot: Server) -> float:
    """How many questions about jobs were asked since the start, by the bot's own count."""
    with urllib.request.urlopen(f"{bot.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(number) for number in _POLLS.findall(text))


def _row(taken: Measured[list[Round]]) -> Row:
    polls = sorted(one[2] for one in taken.value)[len(taken.value) // 2]
    row = compared(
        "G6",
        f"ack p99 ms at 1 at once, with {polls:.0f} polls/s beside it against none",
        [one[0] for one in taken.value],
        [one[1] for one in taken.value],
        Goal(most=1.3),
    )
    return seen_with(row, taken)
