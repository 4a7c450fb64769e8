"""A copy of the tree, and both passes over it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.copies import ROOT, copy_tree
from tools.mutation.mutants import Mutant
from tools.mutation.quick import Quick, Verdict
from tools.mutation.session import Reach, Session, answer_of, collect, in_a_fork, measured
from tools.mutation.thorough import Known, Thorough, load

DOMAIN = "bot/domain"
TESTS = ("tests/domain",)
FEW_EXAMPLES = 20
"""Of each property, in the first pass. What survives that is tried with all of them."""


@dataclass(frozen=True, kw_only=True)
class FirstPass:
    verdicts: list[Verdict]
    known: Known
    libraries: list[str]
    failed: list[str]
    """Tests that fail without any mutant."""


@contextmanager
def copied() -> Iterator[Path]:
    """A folder with all that the tests need, as the current and importable one."""
    with TemporaryDirectory(prefix="mutants-") as place:
        tree = Path(place).resolve()
        copy_tree(tree)
        os.chdir(tree)
        sys.path.insert(0, str(tree))
        try:
            yield tree
        finally:
            os.chdir(ROOT)


def domain_files(tree: Path) -> list[str]:
    return sorted(path.relative_to(tree).as_posix() for path in (tree / DOMAIN).rglob("*.py"))


def sources(tree: Path) -> dict[str, bytes]:
    return {file: (tree / file).read_bytes() for file in domain_files(tree)}


def first_pass(tree: Path, tests: Sequence[str], mutants: Sequence[Mutant], jobs: int) -> FirstPass:
    """Measures the tests and tries every mutant of a function, in a process of its own. RuntimeError when the tests cannot be
    collected."""

    def work() -> object:
        done: list[FirstPass | str] = []

        def run(session: Session) -> None:
            reach = measured(session, tree, DOMAIN)
            done.append(
                reach if isinstance(reach, str) else _try_functions(session, reach, tree, mutants, jobs)
            )

        code = collect(tests, Session(run, FEW_EXAMPLES))
        return done[0] if done else f"pytest ended with {code} before it had collected the tests"

    answer, status = answer_of(*in_a_fork(work, loud=True))
    if not isinstance(answer, FirstPass):
        raise RuntimeError(str(answer or f"the first pass ended with {status}"))
    return answer


def _try_functions(
    session: Session, reach: Reach, tree: Path, mutants: Sequence[Mutant], jobs: int
) -> FirstPass:
    ids = [item.nodeid for item in session.items]
    verdicts: list[Verdict] = []
    quick = Quick(session, reach, sources(tree), str(tree), jobs)
    quick.all([mutant for mutant in mutants if not mutant.at_import], Progress(verdicts))
    good = [number for number in range(len(ids)) if number not in set(reach.failed)]
    return FirstPass(
        verdicts=verdicts,
        known=Known(
            seconds={ids[number]: reach.seconds[number] for number in good},
            reaching={
                file: [ids[number] for number in _nearest(reach, file, ids)] for file in domain_files(tree)
            },
        ),
        libraries=sorted(
            name for name in sys.modules if name.split(".")[0] not in ("bot", "tests", "tools", "conftest")
        ),
        failed=[ids[number] for number in reach.failed],
    )


def _nearest(reach: Reach, file: str, ids: Sequence[str]) -> list[int]:
    """The tests in a file of its name or of its folder's, and those that run any of it: the nearest name first, then those that
    run much of it in a short time."""
    stem = Path(file).stem if Path(file).stem != "__init__" else Path(file).parent.name
    room = Path(file).parent.name
    named = (f"_{stem}", f"_{room}")
    counts = {
        number: 0
        for number, test in enumerate(ids)
        if any(name in Path(test.split("::")[0]).stem for name in named)
    }
    for tests in reach.lines.get(file, {}).values():
        for test in tests:
            counts[test] = counts.get(test, 0) + 1

    def worth(test: int) -> tuple[bool, bool, float]:
        name = Path(ids[test].split("::")[0]).stem
        return f"_{stem}" not in name, f"_{room}" not in name, -counts[test] / (0.02 + reach.seconds[test])

    return sorted(counts.keys() - set(reach.failed), key=worth)


def second_pass(
    tree: Path, first: FirstPass, mutants: Sequence[Mutant], jobs: int, *, everything: bool
) -> list[Verdict]:
    """Tries these mutants with a fresh import of everything."""

    def work() -> object:
        verdicts: list[Verdict] = []
        load(first.libraries)
        thorough = Thorough(tree, first.known, sources(tree), jobs)
        thorough.all([_unchanged(mutants[0])], verdicts.append, everything=False)
        if verdicts.pop().outcome != "survived":
            return "without any mutant a fresh import fails"
        thorough.all(mutants, Progress(verdicts), everything=everything)
        return verdicts

    answer, status = answer_of(*in_a_fork(work, loud=True)) if mutants else ([], 0)
    if not isinstance(answer, list):
        raise RuntimeError(str(answer or f"the second pass ended with {status}"))
    return answer


def _unchanged(mutant: Mutant) -> Mutant:
    return replace(mutant, begin=0, end=0, text="")


class Progress:
    """Keeps the verdicts, and says every two hundred of them how far it is."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        self.verdicts = verdicts

    def __call__(self, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
        if len(self.verdicts) % 200 == 0:
            print(f"  {len(self.verdicts)} tried, now in {verdict.mutant.file}", file=sys.stderr, flush=True)
