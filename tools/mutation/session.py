"""One pytest session whose tests are collected once and run many times, each time in a forked process."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import resource
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest

SPARE_MEMORY = 2 << 30
"""Bytes a forked process may take above what it starts with: a mutant that grows without end is caught by this."""
OPTIONS = (
    "-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:logging", "-m", "not slow", "--tb=short", "--timeout=30",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip


@dataclass
class Reach:
    """What each test runs, and how long it takes."""

    seconds: list[float] = field(default_factory=list)
    lines: dict[str, dict[int, set[int]]] = field(default_factory=dict)
    """By file and line: the numbers of the tests that run it."""
    failed: list[int] = field(default_factory=list)
    """Tests that fail without any mutant: they can judge nothing, and are left out."""

    def of_lines(self, file: str, first: int, last: int) -> set[int]:
        known = self.lines.get(file, {})
        return {test for line in range(first, last + 1) for test in known.get(line, ())}

    def of_file(self, file: str) -> set[int]:
        return {test for tests in self.lines.get(file, {}).values() for test in tests}


class Session:
    """A plugin of pytest: collects, then hands over to `then` in place of running the tests."""

    def __init__(
        self, then: Callable[[Session], None], examples: int | None, wanted: Sequence[str] = ()
    ) -> None:
        self.then, self.examples = then, examples
        self.wanted = {name: place for place, name in enumerate(wanted)}
        self.items: list[Any] = []
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.wanted:
            items[:] = sorted(
                (i for i in items if i.nodeid in self.wanted), key=lambda i: self.wanted[i.nodeid]
            )
        for item in items:
            test = getattr(item, "obj", None)
            if getattr(test, "is_hypothesis_test", False):
                _make_repeatable(test, self.examples)

    def pytest_runtestloop(self, session: Any) -> bool:
        self.items = list(session.items)
        gc.collect()
        gc.freeze()
        self.then(self)
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = report.nodeid

    def run(self, numbers: Sequence[int], seconds: Sequence[float] = ()) -> int | None:
        """The number of the first test that fails, or None. A test that takes far more processor time than it used to ends the
        whole process by SIGPROF."""
        for place, number in enumerate(numbers):
            if seconds:
                signal.setitimer(signal.ITIMER_PROF, 1 + 8 * seconds[number])
            item = self.items[number]
            after = self.items[numbers[place + 1]] if place + 1 < len(numbers) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.failed:
                return number
        return None


def _make_repeatable(test: Any, examples: int | None) -> None:
    """The same examples each time, at most so many, and no search for a smaller one."""
    import hypothesis  # pytest wants to be the first that imports it

    known: Any = getattr(test, "_hypothesis_internal_use_settings", hypothesis.settings.default)
    test._hypothesis_internal_use_settings = hypothesis.settings(
        known,
        max_examples=min(known.max_examples, examples or known.max_examples),
        derandomize=True,
        database=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def collect(tests: Sequence[str], session: Session) -> int:
    """Runs pytest with the session; pytest's exit code."""
    return int(pytest.main([*OPTIONS, *tests], plugins=[session]))


def _be_silent() -> None:
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def _limit_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + SPARE_MEMORY, hard))


def in_a_fork(work: Callable[[], object], *, loud: bool = False) -> tuple[int, int]:
    """(process id, end of a pipe) of a copy of this process that writes what `work` returns, pickled, and ends. It takes only
    so much memory and prints nothing, unless it is `loud`."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.close(reading)
        if not loud:
            _limit_memory()
            _be_silent()
        answer = pickle.dumps(work())
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    except BaseException as error:
        with contextlib.suppress(BaseException):
            os.write(writing, pickle.dumps(f"{type(error).__name__}: {error}"))
        os._exit(1)


def answer_of(child: int, reading: int) -> tuple[object, int]:
    """What the fork wrote (None where it was ended), and its wait status."""
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return (pickle.loads(told) if told else None), status  # noqa: S301


def measured(session: Session, root: Path, folder: str) -> Reach | str:
    """Runs every test once, in a fork; in place of the measure a sentence that says why there is none."""

    def measure() -> object:
        cover = coverage.Coverage(
            data_file=None, source=[str(root / folder)], config_file=False, messages=False
        )
        reach = Reach()
        cover.start()
        for number in range(len(session.items)):
            cover.switch_context(str(number))
            began = time.process_time()
            if session.run([number]) is not None:
                reach.failed.append(number)
                session.failed = ""
            reach.seconds.append(time.process_time() - began)
        cover.stop()
        data = cover.get_data()
        for path in data.measured_files():
            lines = {
                line: {int(name) for name in names if name}.difference(reach.failed)
                for line, names in data.contexts_by_lineno(path).items()
            }
            reach.lines[Path(path).relative_to(root).as_posix()] = lines
        return reach

    answer, status = answer_of(*in_a_fork(measure))
    return answer if isinstance(answer, Reach | str) else f"the tests ended with {status}"
