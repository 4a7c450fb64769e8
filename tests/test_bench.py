"""The measuring itself: a wrong table is worse than none."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from rich.console import Console

from bench.__main__ import PARTS, main
from bench.budget import most_in_a_second
from bench.floor import OneKind, least_delay
from bench.load import Commands, WrongAnswerError, drive
from bench.machine import Measured, busy_seconds, measured, own_seconds
from bench.packing import fewest
from bench.schedule import ONE_KIND, Fixed, Ours, replay
from bench.table import NO_GOAL, Goal, Row, as_json, compared, drawn, row_of
from bot.domain.model import ImageId, ProjectId

ROOT = Path(__file__).parents[1]


def a_row(**changes: Any) -> Row:
    figures = {
        "goal": "G1", "what": "answer", "floor": 1.0, "ours": 1.5, "ratio": 1.5, "goal_text": "<= 2", "ok": True,
    }  # fmt: skip
    return row_of({**figures, **changes})


def text_of(rows: list[Row], failures: list[tuple[str, str]]) -> str:
    out = io.StringIO()
    Console(width=160, file=out).print(drawn(rows, failures))
    return out.getvalue()


# -- the figures -----------------------------------------------------------------------------------------------


def test_a_slow_round_does_not_move_the_figures() -> None:
    """Other work on the machine comes and goes."""
    row = compared("G2", "answers/s", floors=[100, 100, 900], ours=[80, 80, 10], bound=Goal(least=0.7))

    assert (row.floor, row.ours, row.ratio, row.ok) == (100, 80, 0.8, True)


def test_the_ratio_is_that_of_figures_taken_together() -> None:
    """A machine that is twice as slow for a while slows both; medians of each alone would compare different whiles."""
    row = compared("G1", "ms", floors=[1, 2, 4], ours=[3, 6, 12], bound=Goal(most=2))

    assert (row.ratio, row.ok) == (3, False)


def test_a_round_without_its_floor_is_refused() -> None:
    """Pairs that do not belong together compare nothing."""
    with pytest.raises(ValueError):
        compared("G1", "ms", floors=[1, 2], ours=[1], bound=Goal(most=2))


@pytest.mark.parametrize(
    ("bound", "ratio", "met"),
    [
        (Goal(most=2), 2.0, True),
        (Goal(most=2), 2.01, False),
        (Goal(least=0.7), 0.7, True),
        (Goal(least=0.7), 0.69, False),
        (Goal(), 99.0, True),
    ],
)
def test_a_bound_is_part_of_the_goal(bound: Goal, ratio: float, met: bool) -> None:
    """Less is better for times, more for rates."""
    assert bound.met_by(ratio) is met


# -- the verdicts ----------------------------------------------------------------------------------------------


def test_a_missed_goal_is_said_so() -> None:
    """Also by a table that is only glanced over."""
    rows = [a_row(), a_row(ok=False, ratio=3.0), a_row(goal_text=NO_GOAL)]

    assert [row.verdict for row in rows] == ["met", "MISSED", "-"]
    assert "MISSED" in text_of(rows, [])


def test_what_disturbed_a_row_stands_beside_it() -> None:
    """A figure taken on a busy machine says little."""
    shown = text_of([a_row(others=0.02), a_row(others=0.4, repeated=True), a_row(others=None)], [])

    assert [word in shown for word in (" 2% ", "40%! 2nd", " ? ")] == [True] * 3


def test_what_could_not_run_stands_in_the_table() -> None:
    """A row that is silently missing looks like a goal that was never set."""
    shown = text_of([], [("poll client", "ServerError: no address")])

    assert "poll client: ServerError: no address" in shown
    assert "COULD NOT RUN" in shown


def test_json_holds_every_row_with_its_verdict() -> None:
    """A script reads it."""
    told = json.loads(json.dumps(as_json([a_row(ok=False)], [("signer", "why")])))

    assert told["rows"][0]["verdict"] == "MISSED"
    assert told["failures"] == [{"what": "signer", "why": "why"}]


def test_a_missed_goal_is_no_failure_but_a_broken_measurement_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A busy machine must not turn a gate red; a measurement that rots must."""

    def missed(quick: bool) -> list[dict[str, Any]]:
        return [{**vars(a_row(ok=False)), "others": None}]

    def broken(quick: bool) -> list[dict[str, Any]]:
        raise RuntimeError("no server")

    codes = [main(["--json"], {"one": missed}), main(["--json"], {"two": broken, "one": missed})]
    last = json.loads(capsys.readouterr().out.rpartition("\n{")[2].join(("{", "")))

    assert codes == [0, 1]
    assert (len(last["rows"]), last["failures"][0]["why"]) == (1, "RuntimeError: no server")


# -- the machine -----------------------------------------------------------------------------------------------


def a_machine(folder: Path, busy: str, stats: dict[int, tuple[int, int]]) -> Path:
    """A /proc with some processes, each with its parent and the ticks it has used."""
    (folder / "stat").write_text(f"cpu  {busy}\ncpu0 0\n")
    for pid, (parent, ticks) in stats.items():
        (folder / str(pid)).mkdir()
        (folder / str(pid) / "stat").write_text(
            f"{pid} (a (strange) name) S {parent} 0 0 0 0 0 0 0 0 0 {ticks} 0 0 0 20"
        )
    return folder


def test_what_was_started_by_others_is_not_ours(tmp_path: Path) -> None:
    """Else nothing would ever disturb."""
    tick = os.sysconf("SC_CLK_TCK")
    proc = a_machine(tmp_path, f"{tick} 0 {tick} 900 50 0 0 {tick} 0 0", {
        10: (1, tick), 11: (10, tick), 12: (11, tick), 20: (1, 100 * tick),
    })  # fmt: skip

    assert own_seconds(proc, pid=10) == 3
    assert busy_seconds(proc) == 3


def test_a_machine_without_proc_is_told_apart_from_a_calm_one(tmp_path: Path) -> None:
    """Not known is not zero."""
    assert busy_seconds(tmp_path) is None
    assert own_seconds(tmp_path) is None
    assert not Measured(value=1, others=None).disturbed


def test_a_run_is_done_once_when_it_shall_not_be_repeated() -> None:
    """A quick run has no time for two."""
    runs: list[int] = []

    taken = measured(lambda: runs.append(1), again=False)

    assert len(runs) == 1
    assert not taken.repeated


# -- the load --------------------------------------------------------------------------------------------------


@asynccontextmanager
async def a_server(answer: Callable[[web.Request], Awaitable[web.Response]]) -> Any:
    app = web.Application()
    app.router.add_post("/slack/events", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_every_command_is_signed_and_new() -> None:
    """A repeated one would be answered from memory, and nothing would be measured."""
    seen: list[tuple[bool, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        base = b"v0:" + request.headers["X-Slack-Request-Timestamp"].encode() + b":" + body
        signature = "v0=" + hmac.new(b"secret", base, hashlib.sha256).hexdigest()
        form = parse_qs(body.decode())
        good = signature == request.headers["X-Slack-Signature"]
        seen.append((good, form["trigger_id"][0], form["user_id"][0]))
        return web.Response(text="it is recorded")

    async with a_server(answer) as url:
        commands = Commands("T0OWN", "http://127.0.0.1:1", "secret")
        figures = await drive(url, commands.take(60), at_once=3, warm_up=10, expected=b"is recorded")

    assert all(good for good, _, _ in seen)
    assert len({trigger for _, trigger, _ in seen}) == 60
    assert len({user for _, _, user in seen}) == 60
    assert 0 < figures.p50 <= figures.p99
    assert figures.rate > 0


@pytest.mark.parametrize(("status", "text"), [(200, "You have 5 open requests"), (500, "it is recorded")])
async def test_a_refusal_is_no_figure(status: int, text: str) -> None:
    """Refusing is fast."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async with a_server(answer) as url:
        commands = Commands("T0OWN", "http://127.0.0.1:1", "secret")
        with pytest.raises(WrongAnswerError):
            await drive(url, commands.take(5), at_once=1, warm_up=0, expected=b"is recorded")


async def test_a_server_that_hangs_up_is_no_figure() -> None:
    """It would look like a slice that ended early."""

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with a_server(answer) as url:
        commands = Commands("T0OWN", "http://127.0.0.1:1", "secret")
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(drive(url, commands.take(5), at_once=1, warm_up=0), 10)


# -- the whole -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("bench")
def test_a_quick_run_fills_the_table() -> None:
    """What nobody runs rots: floors and ours were measured, nothing failed to run. All parts are run by the gate itself."""
    parts = ("signer", "packing", "budget", "start")
    command = [sys.executable, "-m", "bench", "--quick", "--json", *(f"--only={part}" for part in parts)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert {row["goal"] for row in told["rows"]} == {"G8", "G10", "G11", "G12"}
    assert all(row["floor"] >= 0 and row["ours"] >= 0 for row in told["rows"])
    assert {row["verdict"] for row in told["rows"]} <= {"met", "MISSED", "-"}
    assert set(PARTS) >= {
        "command path",
        "growth",
        "busy",
        "poll client",
        "slack_output",
        "schedule",
        "policy",
        *parts,
    }


# -- schedule, budget, packing ---------------------------------------------------------------------------------------


def test_the_bound_of_schedules_is_that_of_a_job_whose_end_is_known() -> None:
    """A job that surely ends at an age needs one question; a bound that is too high would flatter us."""
    certain = OneKind(lambda age: 1.0 if age >= 5.0 else 0.0, points=2000, last=100.0)

    assert least_delay([(1.0, certain)], 1.0) == pytest.approx(0.0, abs=0.05)


def test_the_bound_of_schedules_is_that_of_jobs_that_end_at_a_steady_rate() -> None:
    """Asked about every w seconds, such a job takes w / (1 - exp(-w)) - 1 in the mean to be seen, after 1 / (1 - exp(-w))
    questions."""
    steady = OneKind(lambda age: 1.0 - math.exp(-age), points=1500, first=0.01, last=60.0)
    for wait in (0.5, 1.0, 3.0):
        questions = 1 / (1 - math.exp(-wait))
        assert least_delay([(1.0, steady)], questions) == pytest.approx(wait * questions - 1, rel=0.02)


def test_the_schedule_of_the_bot_is_replayed_with_the_same_jobs_as_the_fixed_one() -> None:
    """Else luck would be compared."""
    story = replace(ONE_KIND, warm_up=10.0, until=60.0)
    ours, fixed = replay(story, Ours(), 1), replay(story, Fixed(), 1)

    assert ours == replay(story, Ours(), 1)
    assert 0.0 < ours.delay < 30.0
    assert 0.0 < fixed.delay < 30.0


def test_the_fewest_calls_are_found_by_trying_everything() -> None:
    """The floor of the packing has to be a floor."""
    images, projects = [ImageId(f"i{n}") for n in range(3)], [ProjectId(f"p{n}") for n in range(3)]
    whole = {(image, project) for image in images for project in projects}

    assert fewest(whole, 3, 3) == 1
    assert fewest(whole, 2, 3) == 2
    assert fewest(whole - {(images[0], projects[0])}, 3, 3) == 2
    assert fewest({(image, project) for image, project in zip(images, projects, strict=True)}, 3, 3) == 3


def test_the_worst_second_is_found_wherever_it_begins() -> None:
    """Windows on full seconds would miss a burst at their edge."""
    assert most_in_a_second([0.0, 0.9, 0.95, 1.1, 1.15, 1.8, 3.0]) == 5
    assert most_in_a_second([0.0, 1.0, 2.0]) == 1
