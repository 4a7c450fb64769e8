"""The second pass: the mutated module is imported from the start, in a fork of a process that has imported only libraries."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from tools.mutation.mutants import Mutant
from tools.mutation.quick import Verdict
from tools.mutation.session import Session, answer_of, collect, in_a_fork

NEAR_SECONDS = 4.0
"""How long the tests of the first attempt may take together."""
NEAR_FILES = 3
"""In how many files they may stand: each has to be imported anew."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the measure of the tests has told, by test id."""

    seconds: dict[str, float]
    reaching: dict[str, list[str]]
    """By file: the tests that run any of it, in the order they are worth trying."""


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from another text."""

    def __init__(self, name: str, path: Path, source: bytes) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(
        self, fullname: str, path: object, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        spec = importlib.machinery.ModuleSpec(
            fullname, self, origin=str(self.path), is_package=self.path.name == "__init__.py"
        )
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(str(self.path.parent))
        spec.has_location = True
        return spec

    def get_source(self, fullname: str) -> str:
        return self.source.decode()

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, str(self.path), "exec", dont_inherit=True)


def load(libraries: Sequence[str]) -> None:
    """Imports what the tests will need, but nothing of the project."""
    for name in libraries:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


class Thorough:
    """Tries mutants `jobs` at a time."""

    def __init__(self, root: Path, known: Known, sources: dict[str, bytes], jobs: int) -> None:
        self.root, self.known, self.sources, self.jobs = root, known, sources, jobs
        self.lucky: dict[str, list[str]] = {}

    def all(self, mutants: Sequence[Mutant], told: Callable[[Verdict], None], *, everything: bool) -> None:
        """`everything`: all tests with all their examples; else only the nearest of them, with few."""
        waiting = list(reversed(mutants))
        running: dict[int, tuple[Mutant, int, float]] = {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                mutant = waiting.pop()
                wanted = list(self.everything(mutant) if everything else self.near(mutant))
                child, reading = in_a_fork(
                    functools.partial(self.one, mutant, wanted, None if everything else 20)
                )
                running[reading] = (mutant, child, time.monotonic())
            for reading in select.select(list(running), [], [])[0]:
                mutant, child, began = running.pop(reading)
                told(self.verdict(mutant, *answer_of(child, reading), time.monotonic() - began))

    def everything(self, mutant: Mutant) -> list[str]:
        first = self.known.reaching.get(mutant.file, [])
        taken = set(first)
        return [*first, *(test for test in self.known.seconds if test not in taken)]

    def near(self, mutant: Mutant) -> Iterator[str]:
        """The tests that caught others here or run most of the module, of a few files and as far as the time allows."""
        spent, given, files = 0.0, set[str](), set[str]()
        for test in [*self.lucky.get(mutant.file, []), *self.everything(mutant)]:
            seconds, file = self.known.seconds[test], test.split("::")[0]
            fits = spent + seconds <= NEAR_SECONDS and (file in files or len(files) < NEAR_FILES)
            if test not in given and fits:
                spent += seconds
                given.add(test)
                files.add(file)
                yield test

    def one(self, mutant: Mutant, wanted: Sequence[str], examples: int | None) -> object:
        """In the fork: the id of the test that failed, None, or what is wrong."""
        source = mutant.of(self.sources[mutant.file])
        try:
            compile(source, mutant.file, "exec", dont_inherit=True)
        except SyntaxError:
            return "invalid"
        name = mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        sys.meta_path.insert(0, _Mutated(name, self.root / mutant.file, source))
        answer: list[str] = []

        def run(session: Session) -> None:
            ids = [item.nodeid for item in session.items]
            number = session.run(range(len(ids)), [self.known.seconds[test] for test in ids])
            answer.append("survived" if number is None else ids[number])

        code = collect(
            list(dict.fromkeys(test.split("::")[0] for test in wanted)), Session(run, examples, wanted)
        )
        return answer[0] if answer else f"the tests cannot be collected ({code})"

    def verdict(self, mutant: Mutant, answer: object, status: int, seconds: float) -> Verdict:
        if answer in ("survived", "invalid"):
            return Verdict(mutant, str(answer), "", seconds)
        if os.WIFSIGNALED(status):
            return Verdict(mutant, "timed out", "", seconds)
        if answer in self.known.seconds:
            lucky = self.lucky.setdefault(mutant.file, [])
            if answer in lucky:
                lucky.remove(str(answer))
            lucky.insert(0, str(answer))
        return Verdict(mutant, "caught", str(answer), seconds)
