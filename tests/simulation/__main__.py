"""`python -m tests.simulation`: many seeds and a table, or one seed and its story."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from tests.simulation.fleet import Line, Table, kinds, lines_of
from tests.simulation.run import Outcome, run_script
from tests.simulation.script import Script, hits_of, script_of
from tests.simulation.shrink import shrink

ENOUGH = 500
"""Seeds from which on every kind of trouble must have struck."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 all promises held, 1 one was broken (or trouble never struck), 2 wrong usage."""
    asked = _parser().parse_args(arguments)
    return _replay(asked) if asked.seed is not None else _many(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="SEED", help="the first of them")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so many")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of words")
    parser.add_argument(
        "--until-violation", action="store_true", help="stop at the first broken promise; no shrinking"
    )
    parser.add_argument("--no-shrink", action="store_true", help="show a failing story as it is")
    parser.add_argument("--seed", type=int, help="play this one and tell its story")
    parser.add_argument("--without", default="", help="kinds of trouble that are off, by name")
    parser.add_argument("--hits", help="exactly this trouble, as KIND:NUMBER")
    parser.add_argument("--deeds", help="exactly these deeds, by number")
    parser.add_argument("--until", type=float, help="seconds after which trouble is over")
    return parser


def _script(asked: argparse.Namespace) -> Script:
    script = script_of(asked.seed).without(*asked.without.split(","))
    if asked.hits is not None:
        script = script.with_hits(hits_of(asked.hits))
    if asked.deeds is not None:
        script = script.with_deeds(frozenset(int(number) for number in asked.deeds.split(",") if number))
    return script if asked.until is None else replace(script, length=asked.until)


def _replay(asked: argparse.Namespace) -> int:
    outcome = run_script(_script(asked), loud=True)
    if asked.json:
        print(
            json.dumps(
                {
                    "seed": asked.seed,
                    "digest": outcome.digest,
                    "violations": [str(v) for v in outcome.violations],
                }
            )
        )
    else:
        _tell(outcome)
    return 1 if outcome.violations else 0


def _tell(outcome: Outcome) -> None:
    script = outcome.script
    store = "the real store's rows" if script.sqlite else "a store in memory"
    print(f"seed {script.seed}: {store}, crews of {script.hands}, trouble for {script.length:g} s")
    print("\n".join(line[:150] for line in outcome.story))
    print(f"story {outcome.digest}, {len(outcome.violations)} promises broken")


def _many(asked: argparse.Namespace) -> int:
    table, began = Table(), time.monotonic()
    seeds = range(asked.first, asked.first + asked.seeds)
    for line in lines_of(seeds, asked.jobs):
        table.add(line)
        if line.violations:
            _broken(asked, line)
            if asked.until_violation:
                return 1
        if asked.seconds and time.monotonic() - began > asked.seconds:
            break
    seconds = time.monotonic() - began
    if asked.json:
        print(json.dumps(_as_json(table, seconds)))
    else:
        _print(table, seconds)
    never = table.never() if table.seeds >= ENOUGH else []
    if never:
        print(f"never struck: {', '.join(never)}", file=sys.stderr)
    return 1 if table.failing or never else 0


def _broken(asked: argparse.Namespace, line: Line) -> None:
    out = sys.stderr if asked.json else sys.stdout
    print(f"seed {line.seed}:", *line.violations, sep="\n  ", file=out, flush=True)
    if asked.until_violation or asked.no_shrink or asked.json:
        print(f"play it again: python -m tests.simulation --seed {line.seed}", file=out)
        return
    short = shrink(run_script(script_of(line.seed)))
    _tell(short)
    print(f"play it again: {short.script.command()}\n", flush=True)


def _as_json(table: Table, seconds: float) -> dict[str, object]:
    return {
        "seeds": table.seeds,
        "seconds": round(seconds, 1),
        "failing": {str(seed): list(broken) for seed, broken in table.failing.items()},
        "injected": {kind: table.injected[kind] for kind in kinds()},
        "counts": dict(table.counts),
    }


def _print(table: Table, seconds: float) -> None:
    print(f"{'trouble':<36}struck")
    for kind in kinds():
        print(f"{kind:<36}{table.injected[kind]:>9,}")
    print(f"\n{'counted':<36}")
    for what, count in table.counts.items():
        if count:
            print(f"{what:<36}{count:>9,}")
    rate = table.seeds / max(seconds, 1e-9)
    print(
        f"\n{table.seeds:,} seeds in {seconds:.1f} s ({rate:.1f} a second), {len(table.failing)} failing: {sorted(table.failing)}"
    )


if __name__ == "__main__":
    sys.exit(main())
