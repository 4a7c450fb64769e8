"""`python -m tools.mutation [MODULE...]`: mutates the modules of the domain, runs the tests, prints a table.

The exit code is 0 when every mutant was caught or is explained, 1 when one was not or an explanation no longer fits, 2 when
nothing could be tried.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.copies import ROOT
from tools.mutation import explained
from tools.mutation.finding import enumerations, mutants_of
from tools.mutation.mutants import Mutant
from tools.mutation.table import Result, show
from tools.mutation.workshop import (
    DOMAIN,
    TESTS,
    FirstPass,
    copied,
    domain_files,
    first_pass,
    second_pass,
)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutation", description="mutates bot/domain and runs its tests"
    )
    parser.add_argument(
        "modules", nargs="*", help="such as states, policy/votes or parse/; none: all of them"
    )
    parser.add_argument("--changed", metavar="REV", help="the modules that differ from this revision")
    parser.add_argument("--today", action="store_true", help="one module, another each day")
    parser.add_argument("--jobs", type=int, default=2, help="mutants that are tried at the same time")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="folders or files of tests")
    parser.add_argument("--quick", action="store_true", help="survivors are not tried again with every test")
    parser.add_argument(
        "--functions", action="store_true", help="only what can be tried without a fresh import"
    )
    parser.add_argument("--save", type=Path, help="write the survivors to this file")
    parser.add_argument("--again", type=Path, help="only the survivors of this file")
    return parser.parse_args(words)


def chosen_files(asked: argparse.Namespace, files: Sequence[str], day: int) -> list[str]:
    """The files that the arguments name."""
    if asked.again:
        kept = {line[0] for line in json.loads(asked.again.read_text(encoding="utf-8"))}
        return [file for file in files if file in kept]
    if asked.changed:
        command = ["git", "diff", "--name-only", asked.changed, "--", DOMAIN]
        changed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
        return [file for file in files if file in changed]
    if asked.today:
        full = [file for file in files if not file.endswith("__init__.py")]
        return [full[day % len(full)]]
    names = [f"{DOMAIN}/{word.removeprefix(DOMAIN).strip('/')}" for word in asked.modules]
    return [
        f for f in files if not names or any(f == f"{name}.py" or f.startswith(f"{name}/") for name in names)
    ]


def find(tree: Path, files: Sequence[str]) -> list[Mutant]:
    enums = enumerations(tree, domain_files(tree))
    return [m for file in files for m in mutants_of(file, (tree / file).read_text(encoding="utf-8"), enums)]


def try_all(
    tree: Path, asked: argparse.Namespace, mutants: Sequence[Mutant], known: set[explained.Key]
) -> tuple[Result, FirstPass]:
    """Functions in place, the rest by a fresh import; then what survived and is not explained, with every test."""
    result = Result()
    first = first_pass(tree, asked.tests, mutants, asked.jobs)
    result.add(first.verdicts)
    fresh = [mutant for mutant in mutants if mutant.at_import or result.outcome(mutant) == "elsewhere"]
    result.add(second_pass(tree, first, fresh, asked.jobs, everything=False))
    left = [mutant for mutant in result.survivors() if mutant.key not in known]
    if not asked.quick:
        result.add(second_pass(tree, first, left, asked.jobs, everything=True))
    return result, first


def run(asked: argparse.Namespace) -> int:
    book, began = explained.read(), time.monotonic()
    with copied() as tree:
        files = chosen_files(asked, domain_files(tree), datetime.date.today().toordinal())  # noqa: DTZ011
        every = find(tree, files)
        mutants = book.made(every)
        left_out = len(every) - len(mutants)
        if asked.again:
            kept = {tuple(line) for line in json.loads(asked.again.read_text(encoding="utf-8"))}
            mutants = [mutant for mutant in mutants if mutant.key in kept]
        if asked.functions:
            mutants = [mutant for mutant in mutants if not mutant.at_import]
        if not mutants:
            print("nothing to mutate")
            return 2
        result, first = try_all(tree, asked, mutants, set(book.survivors))
    wrong = [f"fails without any mutant: {name}" for name in first.failed]
    wrong += [] if asked.again else explained.rotten(book, every, files)
    lines, unexplained = show(result, book, mutants, left_out)
    print("\n".join([*lines, *wrong, f"{time.monotonic() - began:.0f} s"]))
    if asked.save:
        asked.save.write_text(json.dumps([mutant.key for mutant in unexplained]), encoding="utf-8")
    return 1 if wrong or unexplained or result.needlessly_explained(set(book.survivors)) else 0


if __name__ == "__main__":
    if (
        os.environ.get("PYTHONHASHSEED") != "0"
    ):  # sets in the same order each time: the same verdict each time
        os.execve(sys.executable, sys.orig_argv, os.environ | {"PYTHONHASHSEED": "0"})  # noqa: S606
    sys.exit(run(arguments(sys.argv[1:])))
