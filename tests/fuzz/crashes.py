"""A crash: told apart from others, made small, told how to replay."""

from __future__ import annotations

import base64
import time
import traceback
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

from tests.fuzz import places
from tests.fuzz.guarding import guarded
from tests.fuzz.target import Judge
from tests.fuzz.targets import target

SECONDS, TRIES = 30.0, 5_000
"""At most so much is spent on making a crash small."""


def signature(judge: Judge, data: bytes) -> str:
    """What goes wrong with this input, in a form that is the same for the same fault; empty when nothing does."""
    try:
        judge(data)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = " ".join(f"{Path(frame.filename).name}:{frame.name}" for frame in frames[-3:])
        return f"{type(error).__name__} at {place}"
    return ""


def minimised(
    fails: Callable[[bytes], bool], data: bytes, *, seconds: float = SECONDS, tries: int = TRIES
) -> bytes:
    """A shorter and plainer input that still fails: pieces are left out, then bytes are made to the letter a."""
    until, left = time.monotonic() + seconds, tries

    def still(candidate: bytes) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and time.monotonic() < until and candidate != data and fails(candidate)

    size = max(1, len(data) // 2)
    while True:
        at, shorter = 0, False
        while at < len(data):
            if still(candidate := data[:at] + data[at + size :]):
                data, shorter = candidate, True
            else:
                at += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    for at in range(len(data)):
        if still(candidate := data[:at] + b"a" + data[at + 1 :]):
            data = candidate
    return data


def told(crash: Path) -> str:
    """All there is to say of a crash: the target, the smallest input found, and how to replay it. The smallest is written beside."""
    name, data = places.target_of(crash), crash.read_bytes()
    judge = guarded(target(name))
    fault = "" if "timeout" in crash.name else signature(judge, data)
    small = minimised(lambda tried: signature(judge, tried) == fault, data) if fault else data
    path = crash
    if small != data:
        path = Path(f"{places.crash_prefix(target(name))}small-{sha1(small).hexdigest()}")
        path.write_bytes(small)
    lines = (
        f"{name}: {fault or 'it did not happen again in a fresh process, or took too long to be tried'}",
        f"  input   {small!r}",
        f"  base64  {base64.b64encode(small).decode()}",
        f"  replay  python -m tests.fuzz --replay {path}",
    )
    return "\n".join(lines)


def replayed(crash: Path, name: str = "") -> int:
    """Runs one input and shows what it does; 1 when the promise is still broken, 0 when it is kept."""
    name = name or places.target_of(crash)
    try:
        guarded(target(name))(crash.read_bytes())
    except Exception:
        traceback.print_exc()
        return 1
    print(f"{name}: the promise is kept for {crash}")
    return 0
