"""What else the machine was doing while something was measured, from /proc; and how to be disturbed less by it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

DISTURBED = 0.15
"""Part of the machine in the hands of others from which on a figure is not to be trusted."""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Measured(Generic[T]):
    """A result, and the part of all CPUs that others used meanwhile; None where that cannot be told."""

    value: T
    others: float | None
    repeated: bool = False

    @property
    def disturbed(self) -> bool:
        return self.others is not None and self.others > DISTURBED


def measured(run: Callable[[], T], *, again: bool = True) -> Measured[T]:
    """With `again`, a disturbed run is repeated once and the calmer of the two counts."""
    first = _once(run)
    if not (again and first.disturbed):
        return first
    second = _once(run)
    calmer = second if (second.others or 0.0) < (first.others or 0.0) else first
    return Measured(value=calmer.value, others=calmer.others, repeated=True)


def _once(run: Callable[[], T]) -> Measured[T]:
    busy, own, wall = busy_seconds(), own_seconds(), time.monotonic()
    value = run()
    all_cpus = (time.monotonic() - wall) * (os.cpu_count() or 1)
    if busy is None or own is None:
        return Measured(value=value, others=None)
    foreign = ((busy_seconds() or 0.0) - busy) - ((own_seconds() or 0.0) - own)
    return Measured(value=value, others=min(max(foreign / all_cpus, 0.0), 1.0))


def busy_seconds(proc: Path = Path("/proc")) -> float | None:
    """CPU seconds that all CPUs together have worked since the machine started, those taken by its host included."""
    try:
        user, nice, system, _, _, irq, softirq, steal = map(
            int, (proc / "stat").read_text().split("\n", 1)[0].split()[1:9]
        )
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + softirq + steal) / _TICK


def own_seconds(proc: Path = Path("/proc"), pid: int | None = None) -> float | None:
    """CPU seconds of this process and of everything it has started, also of what has ended."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for stat in proc.glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        one = int(stat.parent.name)
        parents[one], spent[one] = int(fields[1]), sum(map(int, fields[11:15])) / _TICK
    root = os.getpid() if pid is None else pid
    return sum(spent[one] for one in spent if _descends(one, root, parents)) if root in spent else None


def _descends(one: int | None, root: int, parents: dict[int, int]) -> bool:
    while one is not None and one != root:
        one = parents.get(one)
    return one == root


def hurry(pid: int) -> None:
    """A higher priority, where that is allowed: what else runs on the machine then disturbs less. For all that is compared
    alike. A session of its own has a priority as a whole (sched(7), autogroup)."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, -10)
        Path(f"/proc/{pid}/autogroup").write_text("-10")
