"""Tables of pairs as whole numbers: a row is a number whose bits are its columns. Nothing here decides
anything."""

from __future__ import annotations

from collections.abc import Iterator

Block = tuple[int, int]
"""A rectangle in bits: which rows, which columns."""
Table = dict[int, int]
"""By number of the row its columns, in bits."""


def by_rows(table: Table) -> list[Block]:
    """One block for all rows with the same columns."""
    alike: Table = {}
    for n, mask in table.items():
        alike[mask] = alike.get(mask, 0) | 1 << n
    return [(rows, mask) for mask, rows in alike.items()]


def turned(table: Table) -> Table:
    """The table with rows and columns exchanged."""
    turned: Table = {}
    for n, mask in table.items():
        for k in bits(mask):
            turned[k] = turned.get(k, 0) | 1 << n
    return dict(sorted(turned.items()))


def swapped(blocks: list[Block] | None) -> list[Block] | None:
    return None if blocks is None else [(rows, columns) for columns, rows in blocks]


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def chunks(mask: int, size: int) -> list[int]:
    """The bits in groups of at most `size`, lowest first."""
    all_bits = list(bits(mask))
    return [sum(1 << n for n in all_bits[at : at + size]) for at in range(0, len(all_bits), size)]


def subsets(mask: int) -> Iterator[int]:
    """All subsets of the bits, the whole first, the empty one last."""
    subset = mask
    while True:
        yield subset
        if not subset:
            return
        subset = (subset - 1) & mask
