"""Rectangles by taking a largest one of what is left, again and again. Good for large tables; never the
proof of a minimum."""

from __future__ import annotations

from bot.domain.packing.bits import Block, Table, bits, by_rows, chunks

_STEPS = 1_000_000
_SEEDS = 8


def greedy(table: Table, a: int, b: int) -> list[Block] | None:
    """Blocks found by taking a largest one of the rest until nothing is left; None when that would take too
    long."""
    alike = {mask: rows for rows, mask in by_rows(table)}
    work = len(alike) ** 2 * min(a, len(alike))
    if work > _STEPS:
        return None
    seeds = max(1, min(_SEEDS, _STEPS // (4 * work)))
    blocks = []
    while alike:
        by_area = sorted(
            alike, key=lambda mask: (-min(alike[mask].bit_count(), a) * min(mask.bit_count(), b), mask)
        )
        grown = [_grow(alike, mask, a, b) for mask in by_area[:seeds]]
        columns = max(grown, key=lambda each: (each[0], -each[1]))[1]
        block = _taken(alike, columns, a, b)
        blocks.append(block)
        alike = _without(alike, block)
    return blocks


def _grow(alike: Table, seed: int, a: int, b: int) -> tuple[int, int]:
    """The largest area found and its columns, when rows like `seed` give up columns to be joined by other
    rows."""
    columns, height, joined = seed, 0, {seed}
    best = (0, seed)
    while columns:
        joined |= {mask for mask in alike if mask & columns == columns}
        height = sum(alike[mask].bit_count() for mask in joined)
        best = max(best, (min(height, a) * min(columns.bit_count(), b), columns), key=lambda each: each[0])
        if height >= a or len(joined) == len(alike):
            break
        columns &= max(
            (mask for mask in alike if mask not in joined),
            key=lambda mask: (
                min(height + alike[mask].bit_count(), a) * min((columns & mask).bit_count(), b), -mask,
            ),
        )  # fmt: skip
    return best


def _taken(alike: Table, columns: int, a: int, b: int) -> Block:
    """A block with these columns (at most `b`) and up to `a` rows that have them, those first that it leaves
    with least."""
    columns = chunks(columns, b)[0]
    fitting = sorted(
        (mask for mask in alike if mask & columns == columns),
        key=lambda mask: ((mask & ~columns).bit_count(), mask),
    )
    rows, count = 0, 0
    for mask in fitting:
        for n in bits(alike[mask]):
            if count < a:
                rows |= 1 << n
                count += 1
    return rows, columns


def _without(alike: Table, block: Block) -> dict[int, int]:
    """The rest when the block is taken away."""
    rows, columns = block
    rest: dict[int, int] = {}
    for mask, members in alike.items():
        for left, who in ((mask & ~columns, members & rows), (mask, members & ~rows)):
            if left and who:
                rest[left] = rest.get(left, 0) | who
    return rest
