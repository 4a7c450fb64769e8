"""Fuzzing: `python -m tests.fuzz --seconds 60` feeds every target, `--target NAME` one of them, `--runs N` so many inputs in all,
`--replay FILE` one input again. Ends with 1 when a promise was broken."""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import crashes, places
from tests.fuzz.target import Target
from tests.fuzz.targets import NAMES, target

_UNITS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one target."""

    target: str
    inputs: int
    seconds: float
    processor: float
    """Seconds of the processor, which are fewer than seconds where the machine does other things, too."""
    edges: int
    """Branches of the product taken; 0 where the engine does not see them."""
    features: int
    crashes: tuple[Path, ...]
    broken: bool
    """The process ended otherwise than it should."""


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--seconds",
        type=int,
        default=0,
        help="for all targets together (60 when neither this nor --runs is given)",
    )
    parser.add_argument("--runs", type=int, default=0, help="inputs for all targets together")
    parser.add_argument("--target", choices=NAMES, action="append", help="only this one; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="targets at the same time (default: 2)")
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="makes the choice of inputs repeatable (default: another each time)",
    )
    parser.add_argument(
        "--engine", choices=("atheris", "hypothesis"), help="default: atheris where it is installed"
    )
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="run this one input and show what it does"
    )
    return parser.parse_args(words)


def engine_for(asked: str | None) -> str:
    """atheris where it is installed; the fallback is said in one line."""
    if asked or importlib.util.find_spec("atheris") is not None:
        return asked or "atheris"
    print(
        "atheris is not installed here: Hypothesis makes the inputs, and no coverage guides it.", flush=True
    )
    return "hypothesis"


def shares(targets: list[Target], whole: int) -> dict[str, int]:
    """The whole by the targets' weights, at least 1 for each; 0 for none of a whole of 0."""
    weights = sum(one.weight for one in targets)
    return {one.name: max(1, round(whole * one.weight / weights)) if whole else 0 for one in targets}


def fuzzed(name: str, seconds: int, runs: int, engine: str, seed: int) -> Outcome:
    """One target in a process of its own."""
    there, began = crashes_of(name), time.monotonic()
    places.LOGS.mkdir(parents=True, exist_ok=True)
    log = log_of(name)
    words = [sys.executable, "-m", "tests.fuzz.child", name, str(seconds), str(runs), engine, str(seed)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, stdout=out, stderr=subprocess.STDOUT, cwd=places.HOME.parent, env=_environment()
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(encoding="utf-8", errors="replace")
    units, covered = _UNITS.findall(said), _COVERED.findall(said)
    edges, features = map(int, covered[-1]) if covered else (0, 0)
    return Outcome(
        target=name, inputs=int(units[-1]) if units else 0, seconds=time.monotonic() - began,
        processor=usage.ru_utime + usage.ru_stime, edges=edges, features=features,
        crashes=tuple(sorted(crashes_of(name) - there)), broken=process.returncode != 0,
    )  # fmt: skip


def log_of(name: str) -> Path:
    """Of this run alone: another may fuzz the same target at the same time."""
    return places.LOGS / f"{name}-{os.getpid()}.log"


def crashes_of(name: str) -> set[Path]:
    return {path for path in places.CRASHES.glob(f"{name}-*") if "-slow-unit-" not in path.name}


def _environment() -> dict[str, str]:
    """Without what could turn a fuzzer's input into a call of the world."""
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return kept | {"PYTHONHASHSEED": "0"}


def table(outcomes: list[Outcome]) -> str:
    """What was done, a line for each target, and all together."""
    rows = [("target", "inputs", "per s", "per cpu s", "edges", "features", "crashes")]
    for one in outcomes:
        covered = [f"{number:,}" if number else "-" for number in (one.edges, one.features)]
        rates = [f"{one.inputs / spent:,.0f}" for spent in (one.seconds, one.processor)]
        rows.append((one.target, f"{one.inputs:,}", *rates, *covered, str(len(one.crashes))))
    whole = sum(one.inputs for one in outcomes), sum(len(one.crashes) for one in outcomes)
    rows.append(("all", f"{whole[0]:,}", "", "", "", "", str(whole[1])))
    return "\n".join(f"{name:<18}" + "".join(f"{cell:>10}" for cell in cells) for name, *cells in rows)


def main(words: list[str] | None = None) -> int:
    """1 when a promise was broken or a target could not be run, else 0."""
    asked = arguments(words)
    if asked.replay is not None:
        return crashes.replayed(asked.replay, asked.target[0] if asked.target else "")
    engine, targets = engine_for(asked.engine), [target(name) for name in asked.target or NAMES]
    seconds = asked.seconds or (0 if asked.runs else 60)
    at_once = max(1, min(asked.jobs, len(targets)))
    times, runs = shares(targets, seconds * at_once), shares(targets, asked.runs)
    seed = asked.seed or random.SystemRandom().randrange(1, 2**31)
    print(f"{len(targets)} targets by {engine}, {at_once} at a time, seed {seed}", flush=True)
    with ThreadPoolExecutor(at_once) as pool:
        outcomes = list(
            pool.map(lambda one: fuzzed(one.name, times[one.name], runs[one.name], engine, seed), targets)
        )
    print(table(outcomes))
    for outcome in outcomes:
        for crash in outcome.crashes:
            print(f"\n{crashes.told(crash)}")
        if outcome.broken and not outcome.crashes:
            print(f"\n{outcome.target}: could not be run; see {log_of(outcome.target)}")
    return 1 if any(outcome.crashes or outcome.broken for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
