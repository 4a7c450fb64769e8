"""Calls for a lane (goal G12): what the bot's packing makes of random tables of pairs, against the fewest calls possible, found
by trying everything with code that shares nothing with it."""

from __future__ import annotations

import random
from functools import cache
from itertools import combinations
from typing import Any

from bot.domain.model import ImageId, ProjectId
from bot.domain.packing import pack

Pair = tuple[ImageId, ProjectId]
IMAGES, PROJECTS = 4, 5
"""Of a random table: larger ones cannot be tried out."""


def table(dice: random.Random, filled: float) -> set[Pair]:
    """Each pair is in it with this probability."""
    return {
        (ImageId(f"image-{i}"), ProjectId(f"project-{p}"))
        for i in range(IMAGES)
        for p in range(PROJECTS)
        if dice.random() < filled
    }


def fewest(pairs: set[Pair], max_images: int, max_projects: int) -> int:
    """The least number of full rectangles within the limits that hold every pair once."""
    cells = {pair: 1 << n for n, pair in enumerate(sorted(pairs))}
    images, projects = sorted({i for i, _ in pairs}), sorted({p for _, p in pairs})
    rectangles = []
    for height in range(1, max_images + 1):
        for rows in combinations(images, height):
            for width in range(1, max_projects + 1):
                for columns in combinations(projects, width):
                    inside = [cells.get((row, column), 0) for row in rows for column in columns]
                    if all(inside):
                        rectangles.append(sum(inside))
    by_lowest: dict[int, list[int]] = {}
    for cell in cells.values():
        by_lowest[cell] = sorted((r for r in rectangles if r & cell), key=int.bit_count, reverse=True)

    @cache
    def rest(left: int) -> int:
        lowest = left & -left
        return 1 + min(rest(left & ~r) for r in by_lowest[lowest] if not r & ~left) if left else 0

    return rest((1 << len(cells)) - 1)


def run(tables: int = 60) -> list[dict[str, Any]]:
    """One row for each degree to which the tables are filled, and one for requests that cannot be tried out but whose
    minimum follows from the limits."""
    rows = []
    for filled in (0.3, 0.5, 0.7, 0.9):
        dice = random.Random(12)
        ours = floor = 0
        for _ in range(tables):
            pairs, limits = table(dice, filled), (dice.randint(2, IMAGES), dice.randint(2, PROJECTS))
            ours += len(pack(pairs, max_images=limits[0], max_projects=limits[1]))
            floor += fewest(pairs, *limits)
        rows.append(
            _row(f"{tables} tables of {IMAGES} x {PROJECTS} pairs, {filled:.0%} of them wanted", floor, ours)
        )
    whole = {(ImageId(f"i{i:02}"), ProjectId(f"p{p:02}")) for i in range(30) for p in range(40)}
    rows.append(
        _row(
            "30 images x 40 projects, 10 images a call", 3, len(pack(whole, max_images=10, max_projects=100))
        )
    )
    return rows


def _row(what: str, floor: int, ours: int) -> dict[str, Any]:
    return {
        "goal": "G12", "what": f"calls for {what}, against the fewest possible", "floor": floor, "ours": ours,
        "ratio": ours / floor, "goal_text": "<= 1.05", "ok": ours <= 1.05 * floor,
    }  # fmt: skip


if __name__ == "__main__":
    for row in run():
        print(row)
