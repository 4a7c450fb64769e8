"""Rectangles by exact search: is there a cut into k of them, for k from a lower bound on. For small
tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.domain.packing.bits import Block, Table, bits, by_rows, chunks, subsets, turned

_LARGEST = 400
"""Cells of a grid that is searched at all: in a larger one a single step costs too much."""
_SMALL = 20
"""A table of so many pairs is solved pair by pair; in a larger one, alike rows and columns stay together."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The table with alike rows and alike columns taken together, as far as the limits let them."""

    rows: tuple[int, ...]
    """Per row of the grid its columns of the grid, in bits."""
    row_bits: tuple[int, ...]
    """Per row of the grid the rows of the table it stands for."""
    column_bits: tuple[int, ...]
    a: int
    b: int

    @classmethod
    def of(cls, table: Table, a: int, b: int) -> Grid:
        small = sum(mask.bit_count() for mask in table.values()) <= _SMALL
        row_bits = [each for rows, _ in by_rows(table) for each in chunks(rows, 1 if small else a)]
        column_bits = [each for cs, _ in by_rows(turned(table)) for each in chunks(cs, 1 if small else b)]
        first = [table[next(bits(rows))] for rows in row_bits]
        rows = tuple(sum(1 << k for k, each in enumerate(column_bits) if mask & each) for mask in first)
        return cls(rows=rows, row_bits=tuple(row_bits), column_bits=tuple(column_bits), a=a, b=b)

    def width(self, columns: int) -> int:
        return sum(self.column_bits[k].bit_count() for k in bits(columns))

    def height(self, rows: int) -> int:
        return sum(self.row_bits[n].bit_count() for n in bits(rows))

    def bound(self, rows: Sequence[int]) -> int:
        """No fewer blocks can hold these rows: each block adds at most one to the rank of the table; and a
        row needs ceil(width / b) blocks, each of which serves at most `a` rows; and the same for
        columns."""
        columns = turned(dict(enumerate(rows)))
        for_rows = sum(
            self.row_bits[n].bit_count() * -(-self.width(mask) // self.b) for n, mask in enumerate(rows)
        )
        for_columns = sum(
            self.column_bits[k].bit_count() * -(-self.height(m) // self.a) for k, m in columns.items()
        )
        return max(_rank(rows), -(-for_rows // self.a), -(-for_columns // self.b))


@dataclass
class Search:
    """Iterative deepening: is there a cut into k blocks, for k from the lower bound on."""

    grid: Grid
    work: int
    """Cells that may still be looked at."""
    dead: set[tuple[tuple[int, ...], int]] = field(default_factory=set)
    """Rests that surely cannot be cut into so many blocks."""

    def fewer_than(self, count: int, bound: int) -> list[Block] | None:
        """A cut into the fewest blocks below `count`, where `bound` are needed at least; None when there is
        none or the work did not suffice to find it."""
        if len(self.grid.rows) * len(self.grid.column_bits) > _LARGEST:
            return None
        for k in range(bound, count):
            found = self._cut(self.grid.rows, k)
            if found is not None:
                return [
                    (self._all(self.grid.row_bits, r), self._all(self.grid.column_bits, c)) for r, c in found
                ]
        return None

    def _cut(self, rows: tuple[int, ...], k: int) -> list[Block] | None:
        if not any(rows):
            return []
        if self.work <= 0 or (rows, k) in self.dead or self.grid.bound(rows) > k:
            return None
        for block in self._blocks_at(rows, *_narrowest(rows)):
            rest = tuple(mask & ~block[1] if block[0] >> n & 1 else mask for n, mask in enumerate(rows))
            found = self._cut(rest, k - 1)
            if found is not None:
                return [block, *found]
        if self.work > 0:
            self.dead.add((rows, k))
        return None

    def _blocks_at(self, rows: tuple[int, ...], n: int, column: int) -> Iterator[Block]:
        """Every block within the limits that holds this cell and no hole, large ones first, while work
        lasts."""
        for others in self._counted(subsets(rows[n] & ~column)):
            columns = others | column
            if self.grid.width(columns) > self.grid.b:
                continue
            full = sum(1 << i for i, mask in enumerate(rows) if i != n and mask & columns == columns)
            for chosen in self._counted(subsets(full)):
                if self.grid.height(chosen | 1 << n) <= self.grid.a:
                    yield chosen | 1 << n, columns

    def _counted(self, choices: Iterator[int]) -> Iterator[int]:
        for choice in choices:
            self.work -= len(self.grid.rows) + len(self.grid.column_bits)
            if self.work <= 0:
                return
            yield choice

    @staticmethod
    def _all(stands_for: tuple[int, ...], chosen: int) -> int:
        return sum(stands_for[n] for n in bits(chosen))


def _narrowest(rows: Sequence[int]) -> Block:
    """The cell with the fewest neighbours: the number of its row, the bit of its column."""
    columns = turned(dict(enumerate(rows)))
    _, n, k = min(
        (mask.bit_count() + columns[k].bit_count(), n, k) for n, mask in enumerate(rows) for k in bits(mask)
    )
    return n, 1 << k


def _rank(rows: Iterable[int]) -> int:
    """The rank over the field of two elements: no table is a sum of fewer full rectangles."""
    basis: list[int] = []
    for row in rows:
        for each in basis:
            row = min(row, row ^ each)
        if row:
            basis.append(row)
    return len(basis)
