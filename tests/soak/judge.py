"""Whether a soak held: by medians over thirds of the run, never by a single sample. No I/O.

Memory, descriptors, threads, the log of the database, and truth are always judged. How long things took is a mere warning where
the machine was disturbed by others.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench.machine import DISTURBED
from tests.soak.watching import Sample

WARM_UP = 0.15
"""Part of the run that counts for nothing."""
MEMORY, SLOWER = 1.10, 1.5
"""The last third against the middle one; the last against the first."""
ATOM = 6.0
"""Megabytes that memory may be more by, whatever the ratio: of a short run, a page more or less."""
FDS = 3
"""Connections are opened and closed all the time."""
WAL = 72.0
"""Megabytes: at 64 MiB the writer itself waits for a checkpoint."""
WINDOWS = 5
"""A third's p99 is the median of those of so many windows."""

Verdict = Literal["ok", "FAILED", "warning", "-"]
TOO_FEW = 1_000
"""Times; of fewer a slower last third is a mere warning."""


@dataclass(frozen=True, kw_only=True)
class Row:
    what: str
    first: str = ""
    middle: str = ""
    last: str = ""
    bound: str = ""
    verdict: Verdict = "-"


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that was seen of one soak."""

    samples: Sequence[Sample]
    acks: Sequence[float]
    ends: Sequence[float]
    wrong: Sequence[str] = ()
    audit: str = ""
    """Why the audit log does not hold; empty when it does."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """Lines of the bot's log of level error or worse, by event."""
    stopped: str = ""
    """Why the bot did not end in good order."""


def judged(run: Run) -> list[Row]:
    samples = [s for s in run.samples if s.requests >= WARM_UP * run.samples[-1].requests]
    others = others_of(samples)
    return [
        _memory(samples),
        _steady("file descriptors", [s.fds for s in samples], FDS),
        _steady("threads", [s.threads for s in samples], 0),
        _wal(samples),
        _slower("ack p50 ms", run.acks, 50, others),
        _slower("ack p99 ms", run.acks, 99, others),
        _slower("command to end p50 s", run.ends, 50, others),
        _slower("command to end p99 s", run.ends, 99, others),
        _none("requests lost, claims false", len(run.wrong)),
        _none("the audit log is broken", int(bool(run.audit))),
        _none("errors in the log", sum(run.errors.values())),
        _none("did not stop in good order", int(bool(run.stopped))),
    ]


def held(rows: Sequence[Row]) -> bool:
    return all(row.verdict != "FAILED" for row in rows)


def slope(samples: Sequence[Sample]) -> float:
    """Megabytes of memory for ten thousand requests: the median over all pairs of (at most 200) samples (Theil and Sen)."""
    some = samples[:: max(1, len(samples) // 200)]
    slopes = [
        (b.memory - a.memory) / (b.requests - a.requests)
        for n, a in enumerate(some)
        for b in some[n + 1 :]
        if b.requests > a.requests
    ]
    return statistics.median(slopes) * 10_000 if slopes else 0.0


def others_of(samples: Sequence[Sample]) -> float | None:
    """The part of all CPUs that others used meanwhile; None where that cannot be told."""
    first, last = samples[0], samples[-1]
    if (
        first.busy is None
        or first.own is None
        or last.busy is None
        or last.own is None
        or last.at <= first.at
    ):
        return None
    foreign = (last.busy - first.busy) - (last.own - first.own)
    return min(max(foreign / ((last.at - first.at) * (os.cpu_count() or 1)), 0.0), 1.0)


def thirds(many: Sequence[float]) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    """In the order they came."""
    cut = len(many) // 3
    return many[:cut], many[cut : 2 * cut], many[2 * cut :]


def percentile(many: Sequence[float], which: int) -> float:
    """Of one value: that value."""
    if len(many) < 2:
        return many[0] if many else 0.0
    return statistics.quantiles(many, n=100, method="inclusive")[which - 1]


def typical(many: Sequence[float], which: int) -> float:
    """The median of the percentiles of some windows, so that one disturbance does not decide. Windows of less than a hundred
    values tell nothing of the rare ones: then all is one window."""
    windows = WINDOWS if len(many) >= 100 * WINDOWS else 1
    size = max(1, len(many) // windows)
    return statistics.median(percentile(many[n * size : (n + 1) * size], which) for n in range(windows))


def _memory(samples: Sequence[Sample]) -> Row:
    first, middle, last = (statistics.median(part) for part in thirds([s.memory for s in samples]))
    good = last <= max(MEMORY * middle, middle + ATOM)
    return Row(
        what=f"memory MB ({slope(samples):+.2f} for 10,000 requests)", first=f"{first:.1f}", middle=f"{middle:.1f}",
        last=f"{last:.1f}", bound=f"last <= {MEMORY:g} x middle ({last / middle:.3f})", verdict=_verdict(good),
    )  # fmt: skip


def _steady(what: str, counts: Sequence[int], more: int) -> Row:
    first, middle, last = (statistics.median(part) for part in thirds(counts))
    return Row(
        what=what, first=f"{first:g}", middle=f"{middle:g}", last=f"{last:g}", bound=f"last <= middle + {more}",
        verdict=_verdict(last <= middle + more),
    )  # fmt: skip


def _wal(samples: Sequence[Sample]) -> Row:
    first, middle, last = (max(part) for part in thirds([s.wal for s in samples]))
    return Row(
        what="largest write-ahead log MB", first=f"{first:.1f}", middle=f"{middle:.1f}", last=f"{last:.1f}",
        bound=f"<= {WAL:g}", verdict=_verdict(max(first, middle, last) <= WAL),
    )  # fmt: skip


def _slower(what: str, took: Sequence[float], which: int, others: float | None) -> Row:
    first, middle, last = (typical(part, which) for part in thirds(took[int(len(took) * WARM_UP) :]))
    good = last <= SLOWER * first
    # A 99th percentile of some hundred is one or two of them.
    doubtful = (others is not None and others > DISTURBED) or len(took) < TOO_FEW
    verdict: Verdict = "warning" if not good and doubtful else _verdict(good)
    return Row(
        what=what, first=f"{first:.2f}", middle=f"{middle:.2f}", last=f"{last:.2f}",
        bound=f"last <= {SLOWER:g} x first ({last / first if first else 0:.2f})", verdict=verdict,
    )  # fmt: skip


def _none(what: str, count: int) -> Row:
    return Row(what=what, last=str(count), bound="none", verdict=_verdict(count == 0))


def _verdict(good: bool) -> Verdict:
    return "ok" if good else "FAILED"
