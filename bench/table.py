"""What was measured, against what, and whether the goal was met: as one table for people, and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.table import Table
from rich.text import Text

from bench.machine import DISTURBED, Measured

NO_GOAL = "(no goal)"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of ours beside the floor that was measured in the same run."""

    goal: str
    what: str
    floor: float
    ours: float
    ratio: float
    goal_text: str
    ok: bool
    others: float | None = None
    """Part of all CPUs in the hands of other processes meanwhile."""
    repeated: bool = False

    @property
    def verdict(self) -> str:
        if self.goal_text == NO_GOAL:
            return "-"
        return "met" if self.ok else "MISSED"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A bound on the ratio of ours to the floor."""

    most: float | None = None
    least: float | None = None

    @property
    def text(self) -> str:
        if self.most is not None:
            return f"<= {self.most:g}"
        return NO_GOAL if self.least is None else f">= {self.least:g}"

    def met_by(self, ratio: float) -> bool:
        return (self.most is None or ratio <= self.most) and (self.least is None or ratio >= self.least)


def compared(goal: str, what: str, floors: Sequence[float], ours: Sequence[float], bound: Goal) -> Row:
    """The medians of the rounds. The ratio is the median of the rounds' ratios: both of a round were taken right after each
    other, and the machine's speed drifts."""
    ratio = statistics.median(own / floor for own, floor in zip(ours, floors, strict=True))
    return Row(
        goal=goal,
        what=what,
        floor=statistics.median(floors),
        ours=statistics.median(ours),
        ratio=ratio,
        goal_text=bound.text,
        ok=bound.met_by(ratio),
    )


def seen_with(row: Row, taken: Measured[Any]) -> Row:
    """The row, and what others did while it was measured."""
    return replace(row, others=taken.others, repeated=taken.repeated)


def row_of(figures: Mapping[str, Any]) -> Row:
    """From what a measurement returns."""
    return Row(**{name: figures[name] for name in Row.__dataclass_fields__ if name in figures})


def drawn(rows: Iterable[Row], failures: Iterable[tuple[str, str]]) -> Table:
    """`failures`: which measurement could not run, and why."""
    table = Table(title="imagebot, measured")
    for name in ("goal", "what"):
        table.add_column(name)
    for name in ("floor", "ours", "ratio", "goal", "others' CPU"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        numbers = (_number(row.floor), _number(row.ours), f"{row.ratio:.2f}", row.goal_text)
        table.add_row(row.goal, row.what, *numbers, _others(row), Text(row.verdict, _style(row)))
    for name, why in failures:
        table.add_row("", f"{name}: {why}", "", "", "", "", "", Text("COULD NOT RUN", "bold red"))
    return table


def as_json(rows: Iterable[Row], failures: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {
        "rows": [{**asdict(row), "verdict": row.verdict} for row in rows],
        "failures": [{"what": name, "why": why} for name, why in failures],
    }


def _number(value: float) -> str:
    for least, shape in ((1000, "{:,.0f}"), (10, "{:.1f}")):
        if abs(value) >= least:
            return shape.format(value)
    return f"{value:.3g}"


def _others(row: Row) -> str:
    if row.others is None:
        return "?"
    return f"{row.others:.0%}" + ("!" if row.others > DISTURBED else "") + (" 2nd" if row.repeated else "")


def _style(row: Row) -> str:
    return {"met": "green", "MISSED": "bold red"}.get(row.verdict, "")
