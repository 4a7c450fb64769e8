"""Many seeds on several processes. What comes out does not depend on how many they are."""

from __future__ import annotations

import gc
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.chance import Fault
from tests.simulation.run import run_seed
from tests.simulation.script import PEOPLE, DeedKind

TIDY = 25
"""Seeds after which the garbage is collected; doing it all the time would cost a fifth of the speed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is kept of one seed."""

    seed: int
    violations: tuple[str, ...]
    injected: Mapping[str, int]
    counts: Mapping[str, int]
    digest: str


@dataclass(kw_only=True)
class Table:
    """What is kept of all."""

    seeds: int = 0
    failing: dict[int, tuple[str, ...]] = field(default_factory=dict)
    injected: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        self.seeds += 1
        self.injected.update(line.injected)
        self.counts.update(line.counts)
        if line.violations:
            self.failing[line.seed] = line.violations

    def never(self) -> list[str]:
        """Kinds of trouble that never struck: a run that says nothing about them."""
        return [kind for kind in kinds() if not self.injected[kind]]


def kinds() -> list[str]:
    """Every kind of trouble, in words."""
    return [*(kind.value for kind in Fault), *(kind.value for kind in DeedKind if kind not in PEOPLE)]


def line_of(seed: int) -> Line:
    outcome = run_seed(seed)
    return Line(
        seed=seed, violations=tuple(str(one) for one in outcome.violations), injected=dict(outcome.injected),
        counts=dict(outcome.counts), digest=outcome.digest,
    )  # fmt: skip


def _tidily(seed: int) -> Line:
    """In a process that does nothing else."""
    gc.disable()
    if seed % TIDY == 0:
        gc.collect()
    return line_of(seed)


def lines_of(seeds: Sequence[int], jobs: int) -> Iterator[Line]:
    """One line a seed, in the order of the seeds."""
    if jobs <= 1:
        yield from map(line_of, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_tidily, seeds, chunksize=8)
