"""`python -m tests.crashes --rounds N [--seed S] [--jobs J] [--json]`, or `--every-step`. Exit code 1 when anything failed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.crashes.lives import cradle
from tests.crashes.rounds import Outcome, Plan, calm_length, run_round


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first round; the next has the next number"
    )
    parser.add_argument("--jobs", type=int, default=1, help="rounds at the same time")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument(
        "--every-step", action="store_true", help="die once at every step there is, instead of at random"
    )
    parser.add_argument(
        "--most",
        type=int,
        help="with --every-step: so many of the steps, evenly chosen; 0 only looks whether all are reached",
    )
    parser.add_argument("--keep", type=Path, help="where failed rounds are put; default: a new folder")
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="imagebot-crashes-"))
    keep.mkdir(parents=True, exist_ok=True)
    if given.every_step:
        from tests.crashes.steps import every_step

        done = asyncio.run(every_step(jobs=given.jobs, keep=keep, most=given.most))
    else:
        done = asyncio.run(rounds(range(given.seed, given.seed + given.rounds), jobs=given.jobs, keep=keep))
    print(json.dumps(done, indent=2) if given.json else _words(done))
    if not any(keep.iterdir()) and given.keep is None:
        keep.rmdir()
    sys.exit(0 if done["failed"] == 0 else 1)


async def rounds(seeds: range, *, jobs: int, keep: Path) -> dict[str, Any]:
    """Every seed's round, `jobs` at a time; the figures."""
    began = time.monotonic()
    async with cradle() as here:
        length = await calm_length(here, keep)
        turn = asyncio.Semaphore(jobs)

        async def one(seed: int) -> Outcome:
            async with turn:
                outcome = await run_round(Plan.of(seed), here, length=length, keep=keep)
            if not outcome.verdict.good:
                print(
                    f"seed {seed} FAILED: {outcome.verdict}\n  kept in {outcome.kept}",
                    file=sys.stderr,
                    flush=True,
                )
            return outcome

        outcomes = await asyncio.gather(*(one(seed) for seed in seeds))
    return figures(outcomes, time.monotonic() - began)


def figures(outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    deaths = [death for outcome in outcomes for death in outcome.deaths]
    return {
        "rounds": len(outcomes),
        "failed": sum(not outcome.verdict.good for outcome in outcomes),
        "failed_seeds": [outcome.plan.seed for outcome in outcomes if not outcome.verdict.good],
        "kills": len(deaths),
        "kills_by_phase": dict(Counter(death.phase for death in deaths).most_common()),
        "kills_while_doing": dict(
            Counter(kind for death in deaths for kind in death.doing or ("nothing claimed",)).most_common()
        ),
        "kills_after_event": dict(Counter(death.event for death in deaths).most_common()),
        "requests": sum(outcome.requests for outcome in outcomes),
        "acknowledged": sum(outcome.acknowledged for outcome in outcomes),
        "redelivered": sum(outcome.redelivered for outcome in outcomes),
        "lost": sum(len(outcome.verdict.lost) for outcome in outcomes),
        "double": sum(len(outcome.verdict.double) for outcome in outcomes),
        "broken": sum(len(outcome.verdict.broken) for outcome in outcomes),
        "seconds": round(seconds, 1),
        "seconds_a_round": round(seconds / max(len(outcomes), 1), 2),
    }


def _words(done: dict[str, Any]) -> str:
    """One line a figure; those with parts, a line a part."""
    lines = []
    for name, value in done.items():
        title = name.replace("_", " ")
        if isinstance(value, dict):
            lines += [f"{title}:", *(f"  {part:<32}{count:>6}" for part, count in value.items())]
        elif isinstance(value, list) and value:
            lines += [f"{title}:", *(f"  {part}" for part in value)]
        else:
            lines.append(f"{title:<34}{value!s:>6}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
