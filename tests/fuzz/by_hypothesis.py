"""The engine where there is no atheris: Hypothesis makes the inputs, out of nothing and out of edited seeds. It does not see
which branches are taken. Speaks as libFuzzer does, so that both are read alike."""

from __future__ import annotations

import os
import random
import time
from hashlib import sha1
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import places

_BUFFER = 2_048


def fuzz(name: str, seconds: float, runs: int, seed: int) -> None:
    """Until the time is over or the number of inputs is reached. A crash is written, and then ends the process with 77."""
    from tests.fuzz.guarding import guarded
    from tests.fuzz.targets import target

    found = target(name)
    judge = guarded(found)
    seeds = [path.read_bytes() for path in sorted(found.seeds.glob("*"))] or [b""]
    last, done = b"", 0

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(inputs(seeds, [token.encode("utf-8", "surrogatepass") for token in found.tokens]))
    def one(data: bytes) -> None:
        nonlocal last, done
        last, done = data[: found.longest], done + 1
        judge(last)

    chance, until = random.Random(seed), time.monotonic() + (seconds or float("inf"))
    try:
        while time.monotonic() < until and (not runs or done < runs):
            one.hypothesis.fuzz_one_input(chance.randbytes(chance.randrange(_BUFFER)))
    except Exception as error:
        path = Path(f"{places.crash_prefix(found)}crash-{sha1(last).hexdigest()}")
        path.write_bytes(last)
        print(f"{type(error).__name__}: {error}\nTest unit written to {path}", flush=True)
        os._exit(_told(done, 77))
    _told(done, 0)


def inputs(seeds: list[bytes], tokens: list[bytes]) -> st.SearchStrategy[bytes]:
    """Any bytes, and seeds with pieces of them exchanged."""
    piece = st.binary(max_size=12) | (st.sampled_from(tokens) if tokens else st.nothing())
    edits = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 12), piece), max_size=6)
    return st.binary(max_size=400) | st.builds(edited, st.sampled_from(seeds), edits)


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """With each edit's (place, length) exchanged for its bytes."""
    for at, length, put in edits:
        at = at % (len(data) + 1)
        data = data[:at] + put + data[at + length :]
    return data


def _told(done: int, code: int) -> int:
    said: dict[str, Any] = {"number_of_executed_units": done}
    for name, value in said.items():
        print(f"stat::{name}: {value}", flush=True)
    return code
