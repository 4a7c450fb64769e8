"""Pairs into batch calls: one call to the cloud carries all of its images to all of its projects, so a set of
pairs has to be cut into full rectangles. Here: the cutting, into as few as can be had. Never: what a pair
means, or whether it may run.

The pairs are a table of images x projects with holes. Cutting it into the fewest rectangles is NP-hard in
general, but what people ask for is nearly a full table. So: parts that share nothing are solved apart; alike
rows are taken together, and alike columns; a small table is solved exactly, a large one by the best of
several ways. Work is counted in steps, never in time, so that the same pairs always give the same calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from bot.domain.model import ImageId, ProjectId
from bot.domain.packing.bits import Block, Table, bits, by_rows, chunks, swapped, turned
from bot.domain.packing.greedy import greedy
from bot.domain.packing.search import Grid, Search

_SEARCH_WORK = 100_000
"""How much one call may search, in cells looked at; shared by its parts."""


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """One batch call: every image with every project. Both sorted."""

    images: tuple[ImageId, ...]
    projects: tuple[ProjectId, ...]


def pack(
    pairs: Collection[tuple[ImageId, ProjectId]], *, max_images: int, max_projects: int
) -> tuple[Rectangle, ...]:
    """Rectangles that hold every pair exactly once and no other, each within the limits, as few as were
    found; sorted.

    The fewest possible up to 20 pairs, for every full table that one of the limits does not cut, and mostly
    beyond. The order of the pairs does not matter. Raises ValueError for a limit below 1.
    """
    if max_images < 1 or max_projects < 1:
        raise ValueError("a call holds at least one image and one project")
    images = sorted({image for image, _ in pairs})
    projects = sorted({project for _, project in pairs})
    row = {image: n for n, image in enumerate(images)}
    column = {project: 1 << n for n, project in enumerate(projects)}
    table = dict.fromkeys(range(len(images)), 0)
    for image, project in pairs:
        table[row[image]] |= column[project]
    parts = _parts(table)
    found = [
        Rectangle(
            images=tuple(images[n] for n in bits(rows)), projects=tuple(projects[n] for n in bits(columns))
        )
        for part in parts
        for rows, columns in _pack_part(part, (max_images, max_projects), _SEARCH_WORK // len(parts))
    ]
    return tuple(sorted(found, key=lambda each: (each.images, each.projects)))


def _parts(table: Table) -> list[Table]:
    """The table cut where no rectangle can reach across: rows that are linked by columns stay together."""
    groups: list[tuple[int, Table]] = []
    for n, mask in table.items():
        linked = [group for group in groups if group[0] & mask]
        groups = [group for group in groups if not group[0] & mask]
        columns, rows = mask, {n: mask}
        for other_columns, other_rows in linked:
            columns |= other_columns
            rows |= other_rows
        groups.append((columns, rows))
    return [dict(sorted(rows.items())) for _, rows in groups]


def _pack_part(table: Table, limits: tuple[int, int], work: int) -> list[Block]:
    """The best of all ways, the cheap ones first; no further one once no better result is possible."""
    a, b = limits
    grid = Grid.of(table, a, b)
    bound = grid.bound(grid.rows)
    other = turned(table)
    ways: list[Callable[[], list[Block] | None]] = [
        lambda: by_rows(table),
        lambda: swapped(by_rows(other)),
        lambda: greedy(table, a, b),
        lambda: swapped(greedy(other, b, a)),
    ]
    best: list[Block] | None = None
    for way in ways:
        found = way()
        if found is not None:
            fitted = _fitted(found, a, b)
            best = fitted if best is None or len(fitted) < len(best) else best
        if best is not None and len(best) <= bound:
            return best
    assert best is not None
    return Search(grid, work).fewer_than(len(best), bound) or best


def _fitted(blocks: list[Block], a: int, b: int) -> list[Block]:
    """The blocks cut to the limits, then those with the same rows or columns put together for as long as that
    saves one."""
    cut = [(r, c) for rows, columns in blocks for r in chunks(rows, a) for c in chunks(columns, b)]
    while True:
        joined = [(r, columns) for columns, rows in _united((c, r) for r, c in cut) for r in chunks(rows, a)]
        joined = [(rows, c) for rows, columns in _united(joined) for c in chunks(columns, b)]
        if len(joined) >= len(cut):
            return cut
        cut = joined


def _united(pairs: Iterable[Block]) -> list[Block]:
    united: dict[int, int] = {}
    for key, value in pairs:
        united[key] = united.get(key, 0) | value
    return list(united.items())
