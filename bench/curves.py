"""`python -m bench.curves`, or `make curves`: how the bot takes growth, in numbers. Writes docs/curves/growth.json and the table in
docs/performance.md between its marks; tools/draw_curves.py draws the pictures from the numbers.

By stored requests, with nothing in flight; and by jobs in flight, with ten thousand stored requests. The delay until the end of
a job is seen comes from the bot's own schedule on a clock of its own (bench.schedule): all jobs begin in the same minute.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.command_path import disk
from bench.grown import grow
from bench.growth import claimed, driven
from bench.schedule import burst

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
NUMBERS = PAGE.parent / "curves" / "growth.json"
BEGIN, END = "<!-- curves: made by `make curves` -->", "<!-- end of curves -->"
REQUESTS = (1_000, 10_000, 100_000, 1_000_000)
JOBS = (10, 100, 1_000, 10_000)
STORED = 10_000
DUE = 2_000

Point = dict[str, float]


def measured(requests: Sequence[int], jobs: Sequence[int], rounds: int) -> dict[str, Any]:
    """All points of all curves."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "by_requests": [_stored(count, rounds) for count in requests],
        "by_jobs": [_flying(count, rounds) for count in jobs],
    }


def _stored(requests: int, rounds: int) -> Point:
    with tempfile.TemporaryDirectory(prefix="imagebot-curves-", dir=disk()) as folder:
        database = Path(folder) / "grown.db"
        grow(database, requests, DUE)
        size = database.stat().st_size / 1e6
        return {"requests": requests, "database_mb": size, **_figures(requests, database, rounds)}


def _flying(jobs: int, rounds: int) -> Point:
    with tempfile.TemporaryDirectory(prefix="imagebot-curves-", dir=disk()) as folder:
        database = Path(folder) / "grown.db"
        grow(database, STORED, jobs)
        delays = [burst(jobs, seed) for seed in range(1, rounds + 1)]
        return {
            "jobs": jobs,
            "delay_mean_s": statistics.median(each.mean for each in delays),
            "delay_p99_s": statistics.median(each.p99 for each in delays),
            **_figures(STORED, database, rounds, jobs=range(STORED + 1, STORED + jobs + 1)),
        }


def _figures(requests: int, database: Path, rounds: int, jobs: range = range(0)) -> Point:
    acks = [one[requests] for one in driven({requests: database}, rounds, jobs=jobs)]
    claims = [
        one[requests] for one in claimed({requests: database}, rounds=rounds, hands=min(20, len(jobs) or DUE))
    ]
    return {
        "ack_p50_ms": statistics.median(figures.p50 for figures, _ in acks),
        "ack_p99_ms": statistics.median(figures.p99 for figures, _ in acks),
        "claim_us": statistics.median(claims),
        "memory_mb": statistics.median(memory for _, memory in acks),
    }


def table(points: Sequence[Point]) -> str:
    """The numbers for the page."""
    names = list(points[0])
    head = "| " + " | ".join(_HEADS[name] for name in names) + " |"
    rows = ["| " + " | ".join(_number(point[name]) for name in names) + " |" for point in points]
    return "\n".join([head, "|" + "---:|" * len(names), *rows])


_HEADS: Mapping[str, str] = {
    "requests": "stored requests", "jobs": "jobs in flight", "database_mb": "database, MB", "ack_p50_ms": "ack p50, ms",
    "ack_p99_ms": "ack p99, ms", "claim_us": "claim of 20, us", "memory_mb": "resident, MB",
    "delay_mean_s": "seen after, mean s", "delay_p99_s": "seen after, p99 s",
}  # fmt: skip


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def page(text: str, figures: Mapping[str, Any]) -> str:
    """The page with these numbers between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    middle = [
        BEGIN,
        _picture("by_requests", "acknowledgement, claim, memory and size of the database by stored requests"),
        table(figures["by_requests"]),
        _picture("by_jobs", "acknowledgement, claim, memory and delay by jobs in flight"),
        table(figures["by_jobs"]),
        END,
    ]
    return before + "\n\n".join(middle) + after


def _picture(name: str, words: str) -> str:
    return f"![Four curves: {words}](curves/{name}.png)"


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m bench.curves", description=__doc__)
    asked.add_argument(
        "--quick",
        action="store_true",
        help="small sizes, one round; nothing is written but the numbers, to the screen",
    )
    quick = asked.parse_args().quick
    figures = measured(REQUESTS[:2], JOBS[:2], 1) if quick else measured(REQUESTS, JOBS, 3)
    if quick:
        print(json.dumps(figures, indent=2))
        return
    NUMBERS.parent.mkdir(exist_ok=True)
    NUMBERS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")


if __name__ == "__main__":
    main()
