"""The first pass: a mutated function takes the place of the true one in a fork of the process that has collected the tests."""

from __future__ import annotations

import bisect
import functools
import gc
import itertools
import os
import select
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType

from tools.mutation.mutants import Mutant, code_of
from tools.mutation.session import Reach, Session, answer_of, in_a_fork

LONGEST_SECONDS = 3.0
"""How long the tests of one mutant may take together here. Survivors that nobody has explained are tried with all of them."""


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    outcome: str
    """caught, timed out, survived, unreached, invalid (not a program) or, from this pass only, elsewhere (needs another import)."""
    by: str = ""
    """The test that caught it."""
    seconds: float = 0.0


class Quick:
    """Tries mutants of functions, `jobs` at a time."""

    def __init__(
        self, session: Session, reach: Reach, sources: dict[str, bytes], root: str, jobs: int
    ) -> None:
        self.session, self.reach, self.sources, self.root, self.jobs = session, reach, sources, root, jobs
        self.functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        for one in gc.get_objects() + _frozen():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(root):
                code = one.__code__
                key = (os.path.relpath(code.co_filename, root), code.co_qualname, code.co_firstlineno)
                self.functions.setdefault(key, []).append(one)
        self.caches = [
            value.cache_clear
            for name, loaded in list(sys.modules.items())
            if name.startswith(("bot.", "tests."))
            for value in vars(loaded).values()
            if isinstance(value, functools._lru_cache_wrapper)
        ]
        """What a cached function remembers was made by the true code."""
        self.lucky: dict[str, dict[int, int]] = {}
        """By file: how often each test was the one that caught a mutant there."""

    def all(self, mutants: Sequence[Mutant], told: Callable[[Verdict], None]) -> None:
        waiting = list(reversed(mutants))
        running: dict[int, tuple[Mutant, int, float]] = {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                mutant = waiting.pop()
                order = self.order(mutant)
                if not order:
                    told(Verdict(mutant, "unreached"))
                    continue
                child, reading = in_a_fork(functools.partial(self.one, mutant, order))
                running[reading] = (mutant, child, time.monotonic())
            for reading in select.select(list(running), [], [])[0] if running else ():
                mutant, child, began = running.pop(reading)
                told(self.verdict(mutant, *answer_of(child, reading), time.monotonic() - began))

    def order(self, mutant: Mutant) -> list[int]:
        """The tests that run the mutated lines, as many as the time allows: those that caught others there, then the shortest."""
        reaching = self.reach.of_lines(mutant.file, mutant.line, mutant.last_line)
        lucky, seconds = self.lucky.get(mutant.file, {}), self.reach.seconds
        order = sorted(reaching, key=lambda test: seconds[test] / (1 + 20 * lucky.get(test, 0)))
        spent = list(itertools.accumulate(seconds[test] for test in order))
        return order[: max(1, bisect.bisect(spent, LONGEST_SECONDS))]

    def one(self, mutant: Mutant, order: Sequence[int]) -> object:
        """In the fork: the number of the test that failed, or None."""
        functions = self.functions.get((mutant.file, mutant.where, mutant.first_line), [])
        try:
            module = compile(
                mutant.of(self.sources[mutant.file]), f"{self.root}/{mutant.file}", "exec", dont_inherit=True
            )
        except SyntaxError:
            return "invalid"
        code = code_of(module, mutant)
        if code is None or not functions:
            return "elsewhere"
        for function in functions:
            if len(code.co_freevars) != len(function.__code__.co_freevars):
                return "elsewhere"
            function.__code__ = code
        for forget in self.caches:
            forget()
        return self.session.run(order, self.reach.seconds)

    def verdict(self, mutant: Mutant, answer: object, status: int, seconds: float) -> Verdict:
        if isinstance(answer, int):
            counts = self.lucky.setdefault(mutant.file, {})
            counts[answer] = counts.get(answer, 0) + 1
            return Verdict(mutant, "caught", self.session.items[answer].nodeid, seconds)
        if answer in ("invalid", "elsewhere"):
            return Verdict(mutant, str(answer), "", seconds)
        if os.WIFSIGNALED(status):
            return Verdict(mutant, "timed out", "", seconds)
        if answer is not None or status:
            return Verdict(mutant, "caught", str(answer), seconds)
        return Verdict(mutant, "survived", "", seconds)


def _frozen() -> list[object]:
    """Objects the collector has been told to leave alone are not listed by it: thaw them for a moment."""
    gc.unfreeze()
    every = gc.get_objects()
    gc.freeze()
    return every
