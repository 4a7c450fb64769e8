"""`python -m tools.mutants.hunt`, in a copy of the tree: plays one simulated world after another until one shows that a promise
was broken. Prints one JSON value."""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Iterable

from tests.simulation import run_seed

TIDY = 25
"""Worlds after which the garbage is collected; doing it all the time would cost a fifth of the speed."""


def hunt(seeds: Iterable[int], promises: frozenset[int], seconds: float) -> dict[str, object]:
    """What was found first: `seed`, `promise`, `invariant`, `what`, or none of these; `seeds` that were played, and `beside`: the
    invariants of other promises that saw something before. An empty set of promises: every violation counts, 0 included."""
    beside: set[str] = set()
    played, until = 0, time.monotonic() + seconds
    for seed in seeds:
        if time.monotonic() > until:
            break
        played += 1
        if played % TIDY == 0:
            gc.collect()
        violations = run_seed(seed).violations
        for one in violations:
            if one.promise in promises or not promises:
                found = {"seed": seed, "promise": one.promise, "invariant": one.name, "what": one.what}
                return {"seeds": played, "beside": sorted(beside), **found}
        beside |= {one.name for one in violations}
    return {"seeds": played, "beside": sorted(beside)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants.hunt", description=__doc__)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--seeds", type=int, default=200, help="how many at most")
    parser.add_argument("--promises", type=int, nargs="*", default=[], help="only violations of these count")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so many")
    asked = parser.parse_args()
    gc.disable()
    seeds = range(asked.first, asked.first + asked.seeds)
    print(json.dumps(hunt(seeds, frozenset(asked.promises), asked.seconds)))


if __name__ == "__main__":
    main()
