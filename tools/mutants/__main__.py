"""`python -m tools.mutants [WORD...]`: tries the mutants whose names contain a word, or all, and prints a row for each.

The exit code: 0 every mutant was caught by an invariant of its promise and nothing was seen without a mutant, 1 not so, 2 no
mutant has such a name.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tools.mutants.catalogue import MUTANTS
from tools.mutants.mutant import Mutant
from tools.mutants.workshop import SEEDS, Try, workshop


def main(words: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(words)
    chosen = [one for one in MUTANTS if not asked.words or any(word in one.name for word in asked.words)]
    if not chosen:
        print("no mutant has such a name", file=sys.stderr)
        return 2
    return run(chosen, asked.seeds, table=asked.table, told=asked.told)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only mutants whose names contain it")
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, help="worlds that are played with a mutant at most"
    )
    parser.add_argument("--table", action="store_true", help="print the table of docs/mutants.md instead")
    parser.add_argument("--told", action="store_true", help="print what the invariant said, too")
    return parser


def run(mutants: Sequence[Mutant], seeds: int, *, table: bool = False, told: bool = False) -> int:
    """Prints a row for each mutant; 1 when one was not caught, or something was seen without any."""
    began, missed, most = time.monotonic(), 0, 1
    with workshop() as made:
        for one in made.try_all(mutants, seeds):
            missed += not one.caught
            most = max(most, one.seeds)
            print(_row_of_table(one) if table else _row(one), flush=True)
            if told and one.what:
                print(f"            {one.what}", flush=True)
        played, wrong = made.control(most)
    seconds = time.monotonic() - began
    print(
        f"\n{len(mutants)} mutants, {missed} missed, {seconds:.0f} s; {played} worlds without any: {wrong or 'nothing seen'}"
    )
    return 1 if missed or wrong else 0


def _row(one: Try) -> str:
    caught = "caught" if one.caught else "MISSED"
    return f"{caught}  {one.seeds:4} seeds {one.seconds:6.1f} s  {one.mutant.name:72}  {one.by}"


def _row_of_table(one: Try) -> str:
    promises = ", ".join(map(str, one.mutant.promises))
    by = f"`{one.by.split(' ', 1)[1]}`" if one.caught else f"**{one.by}**"
    return f"| {one.mutant.name} | {promises} | {by} | {one.seeds} |"


if __name__ == "__main__":
    sys.exit(main())
