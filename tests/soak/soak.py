"""One soak from start to verdict: the processes, the load, the samples, the end, and what is seen from all sides then."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.command_path import disk
from bench.machine import busy_seconds, own_seconds
from bench.servers.outside import PROJECTS
from bench.servers.processes import ROOT, ServerError
from tests.soak.judge import Row, Run, held, judged, others_of
from tests.soak.load import Load
from tests.soak.processes import Place, at_work
from tests.soak.truth import Everything, false_in_all
from tests.soak.watching import Books, Sample, fds_of, megabytes, memory_of, threads_of

DRAIN = 60.0
"""Seconds for what is still due once every request is final."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is wanted. `every`: seconds between two samples."""

    requests: int
    seconds: float | None = None
    backlog: int = 100
    every: float = 2.0
    seed: int = 1
    as_served: bool = False
    keep: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    rows: list[Row]
    facts: dict[str, Any]
    wrong: list[str]
    run: Run

    @property
    def good(self) -> bool:
        return held(self.rows)


def soaked(order: Order) -> Result:
    """Raises ServerError when a process does not start."""
    with tempfile.TemporaryDirectory(prefix="imagebot-soak-", dir=disk()) as folder:
        where = order.keep or Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        for old in where.glob("imagebot.db*"):
            old.unlink()
        with at_work(where, images=_images(order), as_served=order.as_served) as place:
            return asyncio.run(_soaked(order, place))


def _images(order: Order) -> int:
    from tests.soak.load import images_for

    return images_for(order.backlog)


async def _soaked(order: Order, place: Place) -> Result:
    books = Books(place.database)
    load = Load(place, books, backlog=order.backlog, seed=order.seed)
    samples: list[Sample] = []
    await _deliver_to(place)
    began = time.monotonic()
    sampling = asyncio.create_task(_sample(order, place, books, load, samples))
    try:
        await load.run(order.requests, order.seconds)
    finally:
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)
    took = time.monotonic() - began
    samples.append(_look(place, books, load, began))
    left = await _drained(books)
    counts, members = await _door(place, "figures"), await _door(place, "members")
    heard = load.heard
    heard.wrong += false_in_all(_everything(place, books, load, left, counts, members))
    facts = _facts(heard, books, samples, counts, took)
    facts["stories"] = dict(load.shelf.asked)
    books.close()
    stopped = await asyncio.to_thread(_stop, place)
    run = Run(
        samples=samples, acks=heard.acks, ends=heard.ends, wrong=heard.wrong, audit=_audit(place),
        errors=_log(place, ("error", "critical")), stopped=stopped,
    )  # fmt: skip
    facts |= {
        "log_errors": run.errors,
        "log_warnings": _log(place, ("warning",)),
        "audit": run.audit,
        "stopped": stopped,
    }
    return Result(rows=judged(run), facts=facts, wrong=list(heard.wrong), run=run)


async def _deliver_to(place: Place) -> None:
    """Slack is told the bot's address, for presses and forms."""
    body = {"url": f"{place.bot.url}/slack/events"}
    url = f"{place.said['slack']}/sim/http_delivery"
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        answer.raise_for_status()


# -- while it runs ----------------------------------------------------------------------------------------


async def _sample(order: Order, place: Place, books: Books, load: Load, samples: list[Sample]) -> None:
    began = time.monotonic()
    while True:
        samples.append(_look(place, books, load, began))
        if len(samples) % 15 == 0:
            last = samples[-1]
            words = f"{last.requests} final of {load.heard.sent}, {last.memory:.1f} MB, {last.fds} fds, wal {last.wal:.1f} MB"
            print(f"{last.at:7.0f} s: {words}, wrong {len(load.heard.wrong)}", file=sys.stderr, flush=True)
        await asyncio.sleep(order.every)


def _look(place: Place, books: Books, load: Load, began: float) -> Sample:
    pid, wal = place.bot.process.pid, place.database.with_name(f"{place.database.name}-wal")
    return Sample(
        at=time.monotonic() - began, requests=load.heard.final, memory=memory_of(pid), fds=fds_of(pid),
        threads=threads_of(pid), database=megabytes(place.database), wal=megabytes(wal),
        around=memory_of(place.around.process.pid), due=books.due(), busy=busy_seconds(), own=own_seconds(),
    )  # fmt: skip


# -- at the end -------------------------------------------------------------------------------------------


async def _drained(books: Books) -> dict[str, int]:
    """What is still due when nothing should be."""
    until = time.monotonic() + DRAIN
    while True:
        left = books.due()
        if not left or time.monotonic() > until:
            return left
        await asyncio.sleep(0.1)


async def _door(place: Place, name: str) -> Any:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{place.said['doors']}/{name}", json={}) as answer,
    ):
        answer.raise_for_status()
        return await answer.json()


def _everything(
    place: Place, books: Books, load: Load, left: Mapping[str, int], counts: Mapping[str, int], members: Any
) -> Everything:
    images = {id: name for name, id in place.said["images"].items()}
    projects = {id: name for name, id in PROJECTS.items()}
    store: dict[str, set[str]] = {}
    for (image, project), action in books.last_word().items():
        there = store.setdefault(images[image], set())
        if action == "share":
            there.add(projects[project])
    done = {
        action: books.count(
            "members JOIN lanes ON lanes.id = lane JOIN requests ON requests.id = request",
            f"outcome = 'done' AND action = '{action}'",
        )
        for action in ("share", "unshare")
    }
    return Everything(
        expected=load.shelf.shared, cloud={image: frozenset(there) for image, there in members.items()},
        store={image: frozenset(there) for image, there in store.items()},
        untold=frozenset(load.shelf.shared) - frozenset(load.shelf.free), asked=load.heard.sent,
        stored=books.count("requests"), left=left, counts=counts, done=done,
    )  # fmt: skip


def _facts(heard: Any, books: Books, samples: list[Sample], counts: Any, took: float) -> dict[str, Any]:
    last = samples[-1]
    return {
        "requests": heard.sent,
        "final": heard.final,
        "seconds": round(took, 1),
        "requests_a_second": round(heard.final / took, 2),
        "commands_acknowledged": len(heard.acks),
        "questions": heard.questions,
        "redelivered": heard.redelivered,
        "pressed_again": heard.pressed_again,
        "troubles": heard.troubles,
        "events": books.count("events"),
        "notices": books.count("notices"),
        "database_mb": round(last.database, 1),
        "database_kb_a_request": round(last.database * 1e3 / max(heard.final, 1), 2),
        "surroundings_mb": round(last.around, 1),
        "others": others_of(samples),
        "due": dict(last.due),
        "counts": counts,
    }


def _stop(place: Place) -> str:
    try:
        place.bot.stop()
    except ServerError as error:
        return str(error)
    code = place.bot.process.returncode
    return "" if code == 0 else f"it ended with {code}: {place.bot.end_of_log()}"


def _audit(place: Place) -> str:
    command = [sys.executable, "-m", "bot", "audit", "verify", "--json", "--database", str(place.database)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1800)
    with suppress(ValueError):
        if done.returncode == 0 and json.loads(done.stdout)["ok"]:
            return ""
    return (done.stdout + done.stderr)[-2000:] or f"audit verify ended with {done.returncode}"


def _log(place: Place, levels: tuple[str, ...]) -> dict[str, int]:
    """Lines of these levels, by event. A line that is no JSON is an error of its own."""
    found: Counter[str] = Counter()
    for line in place.bot.log.read_text(errors="replace").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            said = {"level": "error", "event": f"no JSON: {line[:80]}"}
        if said.get("level") in levels:
            found[str(said.get("event"))] += 1
    return dict(found)


def plain(result: Result) -> dict[str, Any]:
    """For a machine to read."""
    return {
        "good": result.good,
        "rows": [asdict(row) for row in result.rows],
        **result.facts,
        "wrong": result.wrong[:200],
    }
