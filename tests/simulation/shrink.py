"""A failing story made short: first whole kinds of trouble are left out, then single hits, then what people did, then its end;
what is left still breaks the same promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.run import Outcome, run_script
from tests.simulation.script import Script
from tests.simulation.world import Changed

X = TypeVar("X")
MOST_RUNS = 250
"""Stories that are tried at most."""


class Shrinker:
    """`runs` counts the stories that were tried."""

    def __init__(self, outcome: Outcome, changed: Changed | None = None, most: int = MOST_RUNS) -> None:
        self._wanted = {(violation.promise, violation.name) for violation in outcome.violations[:1]}
        self._changed, self._most = changed, most
        self.best = outcome
        self.runs = 0

    def shrink(self) -> Outcome:
        """The outcome of the shortest story that was found."""
        for kind in self.best.script.kinds():
            self._try(self.best.script.without(kind))
        hits = tuple(self.best.hits)
        if self._try(self.best.script.with_hits(frozenset(hits))):
            self._parts(hits, lambda some: self.best.script.with_hits(frozenset(some)))
        for _ in range(2):
            numbers = tuple(deed.number for deed in self.best.script.deeds)
            self._parts(numbers, lambda some: self.best.script.with_deeds(frozenset(some)))
            if self.best.script.only:
                self._parts(
                    tuple(self.best.script.only), lambda some: self.best.script.with_hits(frozenset(some))
                )
        for share in (0.25, 0.5, 0.75):
            self._try(replace(self.best.script, length=round(self.best.script.length * share, 3)))
        return self.best

    def _try(self, script: Script) -> bool:
        """Whether the story still breaks the promise; then it is the best so far."""
        if self.runs >= self._most:
            return False
        self.runs += 1
        outcome = run_script(script, changed=self._changed, hasty=True)
        if self._wanted & {(violation.promise, violation.name) for violation in outcome.violations}:
            self.best = outcome
            return True
        return False

    def _parts(self, items: Sequence[X], made: Callable[[Sequence[X]], Script]) -> None:
        """Leaves out ever smaller parts (delta debugging)."""
        kept, size = list(items), max(1, len(items) // 2)
        while kept:
            start, shorter = 0, False
            while start < len(kept):
                rest = kept[:start] + kept[start + size :]
                if len(rest) < len(kept) and self._try(made(rest)):
                    kept, shorter = rest, True
                else:
                    start += size
            if size == 1 and not shorter:
                return
            size = max(1, size // 2)


def shrink(outcome: Outcome, changed: Changed | None = None, most: int = MOST_RUNS) -> Outcome:
    """As told above, of an outcome with a violation, with at most so many tries; its words are those of the short story."""
    if not outcome.violations:
        raise ValueError("nothing was broken")
    best = Shrinker(outcome, changed, most).shrink()
    return run_script(best.script, loud=True, changed=changed)
