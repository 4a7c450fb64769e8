"""Copies of the tree, and what a hunt in one of them finds. Two mutants are tried at a time, each in a copy of its own."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.copies import copy_tree, is_the_copy
from tools.mutants.mutant import Mutant, applied, rotten

AT_ONCE = 2
FIRST_SEED = 1000
SEEDS = 300
"""Worlds that are played with a mutant at most."""
LONGEST = 900.0
"""Seconds after which a mutant is given up: one that works without end is not caught by any invariant."""


@dataclass(frozen=True, kw_only=True)
class Try:
    """What came of one mutant."""

    mutant: Mutant
    caught: bool
    by: str
    """The promise and the invariant that noticed; or why nothing did."""
    what: str = ""
    """In the invariant's words."""
    seeds: int = 0
    seconds: float = 0.0


class Workshop:
    """`trees`: copies of the tree, lent to one mutant at a time."""

    def __init__(self, place: Path) -> None:
        self._trees: queue.Queue[Path] = queue.Queue()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        for number in range(AT_ONCE):
            tree = place / f"tree-{number}"
            copy_tree(tree, compiled=True)
            self._trees.put(tree)

    def try_all(self, mutants: Sequence[Mutant], seeds: int) -> Iterator[Try]:
        """In the order of the mutants."""
        yield from self._pool.map(lambda one: self._try(one, seeds), mutants)

    def control(self, seeds: int) -> tuple[int, str]:
        """Worlds that were played without any mutant, and what was wrong all the same: nothing, if all is well."""
        half = seeds // AT_ONCE
        shares = [
            (FIRST_SEED + n * half, half if n < AT_ONCE - 1 else seeds - n * half) for n in range(AT_ONCE)
        ]
        founds = list(self._pool.map(lambda share: self._play(*share), shares))
        wrong = [str(found.get("what") or found.get("broken", "")) for found in founds]
        return sum(int(found.get("seeds", 0)) for found in founds), "; ".join(filter(None, wrong))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _play(self, first: int, seeds: int) -> dict[str, Any]:
        with self._tree() as tree:
            return hunt(tree, first, seeds, ())

    def _try(self, one: Mutant, seeds: int) -> Try:
        began = time.monotonic()
        with self._tree() as tree:
            why = rotten(tree, one)
            if why:
                return Try(mutant=one, caught=False, by=f"ROTTEN: {why}")
            with applied(tree, one):
                found = hunt(tree, FIRST_SEED, seeds, one.promises)
        return _judged(one, found, time.monotonic() - began)

    @contextmanager
    def _tree(self) -> Iterator[Path]:
        tree = self._trees.get()
        try:
            yield tree
        finally:
            self._trees.put(tree)


def _judged(one: Mutant, found: dict[str, Any], seconds: float) -> Try:
    if "broken" in found:
        return Try(mutant=one, caught=False, by=f"BROKEN: {found['broken']}", seconds=seconds)
    caught = "invariant" in found
    beside = ", ".join(found["beside"])
    by = (
        f"{found['promise']} {found['invariant']}"
        if caught
        else f"SURVIVED (others saw: {beside or 'nothing'})"
    )
    return Try(
        mutant=one, caught=caught, by=by, what=found.get("what", ""), seeds=found["seeds"], seconds=seconds
    )


def hunt(tree: Path, first: int, seeds: int, promises: Sequence[int]) -> dict[str, Any]:
    """What tools.mutants.hunt printed there; `broken` with the last line of its complaint when it could not even end."""
    words = ["--from", str(first), "--seeds", str(seeds), "--promises", *map(str, promises)]
    surroundings = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "tools.mutants.hunt", *words],
            cwd=tree, env=os.environ | surroundings, capture_output=True, text=True, timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"broken": f"it took more than {LONGEST:.0f} s"}
    if done.returncode:
        return {"broken": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@contextmanager
def workshop() -> Iterator[Workshop]:
    """For as long as it is used; its copies are gone afterwards. Raises RuntimeError when a copy is not what is imported."""
    with tempfile.TemporaryDirectory(prefix="sabotage-") as place:
        made = Workshop(Path(place))
        try:
            if not is_the_copy(Path(place) / "tree-0"):
                raise RuntimeError("the copy is not what is imported")
            yield made
        finally:
            made.close()
