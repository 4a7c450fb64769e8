"""`python -m tests.soak --requests N [--seconds S] [--json]`. Exit code 1 when something did not hold."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.soak.judge import Row
from tests.soak.soak import Order, Result, plain, soaked


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seconds", type=float, help="no new request after so long")
    parser.add_argument("--backlog", type=int, default=100, help="most requests not yet final")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two samples")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--as-served",
        action="store_true",
        help="with the bot's own pace of calls to Slack: some four a second",
    )
    parser.add_argument("--keep", type=Path, help="where the database and the logs are left")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    given = parser.parse_args()
    result = soaked(
        Order(
            requests=given.requests, seconds=given.seconds, backlog=given.backlog, every=given.every, seed=given.seed,
            as_served=given.as_served, keep=given.keep,
        )
    )  # fmt: skip
    print(json.dumps(plain(result), indent=2) if given.json else table(result))
    sys.exit(0 if result.good else 1)


def table(result: Result) -> str:
    """The rows, then what else is worth knowing, then what was wrong."""
    head = Row(what="after the warm-up", first="first", middle="middle", last="last", bound="bound")
    lines = [
        f"{row.what:<44}{row.first:>10}{row.middle:>10}{row.last:>10}   {row.bound:<32}{row.verdict}"
        for row in (head, *result.rows)
    ]
    lines += ["", *(f"{name.replace('_', ' '):<26}{value}" for name, value in result.facts.items())]
    if result.wrong:
        lines += ["", f"{len(result.wrong)} wrong:", *(f"  {one}" for one in result.wrong[:50])]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
