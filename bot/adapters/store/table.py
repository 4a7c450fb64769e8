"""How the values of one table are kept: its columns, and the two functions between a value and its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

X = TypeVar("X")
Row = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Table(Generic[X]):
    """`row_of` gives the row of a value in the order of `columns`; `value_of` takes a selected row back."""

    name: str
    columns: tuple[str, ...]
    row_of: Callable[[X], Row]
    value_of: Callable[[Sequence[Any]], X]
    numbered: bool = True
    """Whether a selected row begins with an `id` that the database counts up and that is none of
    `columns`."""

    def select(self, rest: str) -> str:
        selected = ("id", *self.columns) if self.numbered else self.columns
        return " ".join(("SELECT", ", ".join(f"{self.name}.{c}" for c in selected), "FROM", self.name, rest))

    @cached_property
    def insert(self) -> str:
        marks = ", ".join("?" * len(self.columns))
        return " ".join(("INSERT INTO", self.name, f"({', '.join(self.columns)}) VALUES ({marks})"))

    @cached_property
    def update(self) -> str:
        return " ".join(("UPDATE", self.name, "SET", ", ".join(f"{column} = ?" for column in self.columns)))

    def record(self, value: X) -> dict[str, Any]:
        """The row by column name."""
        return dict(zip(self.columns, self.row_of(value), strict=True))
