"""`python -m bench`, or `make bench`: every goal that can be measured on one machine, in one table.

Exit code 0 also when a goal is missed (the verdict says so), 1 when something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console

from bench import (
    budget,
    busy,
    command_path,
    growth,
    huawei_client,
    packing,
    policy_speed,
    schedule,
    signer,
    slack_output,
    start,
)
from bench.machine import measured
from bench.table import Row, as_json, drawn, row_of

Part = Callable[[bool], list[dict[str, Any]]]

PARTS: dict[str, Part] = {
    "command path": lambda quick: command_path.run(2 if quick else 7, quick=quick),
    "growth": lambda quick: growth.run(quick=quick),
    "busy": lambda quick: busy.run(2 if quick else 5, quick=quick),
    "start": lambda quick: start.run(2 if quick else 7),
    "poll client": lambda quick: huawei_client.run(1 if quick else 3),
    "signer": lambda quick: signer.run(1 if quick else 5),
    "slack_output": lambda quick: slack_output.run(quick=quick),
    "schedule": lambda quick: schedule.run(1 if quick else 2, quick=quick),
    "budget": lambda quick: budget.run(1 if quick else 5, quick=quick),
    "packing": lambda quick: packing.run(10 if quick else 40),
    "policy": lambda quick: policy_speed.run(1 if quick else 3),
}
"""By name; each is told whether to be quick and returns rows."""
WATCH_THEMSELVES = {"command path", "slack_output", "growth", "busy", "start"}
"""They say beside each row what others did meanwhile, and repeat only what was disturbed."""


def main(words: Sequence[str] | None = None, parts: dict[str, Part] | None = None) -> int:
    parts = PARTS if parts is None else parts
    wanted = _wanted(words, parts)
    began = time.monotonic()
    rows: list[Row] = []
    failures: list[tuple[str, str]] = []
    for name in wanted.only or parts:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        try:
            rows += _rows(name, parts[name], wanted.quick)
        except Exception as error:  # whatever it is, the others are measured all the same
            failures.append((name, f"{type(error).__name__}: {error}"))
    about = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cpus": os.cpu_count(),
        "quick": wanted.quick,
        "seconds": round(time.monotonic() - began),
    }
    if wanted.json:
        print(json.dumps({**about, **as_json(rows, failures)}, indent=2))
    else:
        _print(rows, failures, about)
    return 1 if failures else 0


def _wanted(words: Sequence[str] | None, parts: dict[str, Part]) -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a short run: the same table, fewer rounds")
    asked.add_argument("--json", action="store_true", help="print JSON, for scripts")
    asked.add_argument("--only", action="append", choices=tuple(parts), help="measure this alone")
    return asked.parse_args(words)


def _rows(name: str, part: Part, quick: bool) -> list[Row]:
    taken = measured(lambda: part(quick), again=not quick and name not in WATCH_THEMSELVES)
    seen = {"others": taken.others, "repeated": taken.repeated}
    return [row_of({**seen, **one}) for one in taken.value]


def _print(rows: list[Row], failures: list[tuple[str, str]], about: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(drawn(rows, failures))
    length = "a quick run" if about["quick"] else "a full run"
    console.print(
        f"{length} of {about['seconds']} s with {about['python']} on {about['cpus']} CPUs. Compare ratios, never absolutes; "
        "docs/performance.md says how to read this.",
        highlight=False,
    )


if __name__ == "__main__":
    raise SystemExit(main())
