"""The judge of a target as the fuzzer runs it: with the product's promise of time, and without the libraries' chatter."""

from __future__ import annotations

import logging
import time

from tests.fuzz.target import Judge, Target, broken

SECONDS = 3.0
"""No answer takes longer: measured as time of the processor, since the machine may be busy with something else."""


def guarded(target: Target) -> Judge:
    """The target's judge, to which taking too long is a broken promise, too."""
    logging.disable(logging.CRITICAL)
    judge = target.make()

    def timed(data: bytes) -> None:
        began = time.process_time()
        judge(data)
        if time.process_time() - began > SECONDS:
            broken(f"more than {SECONDS} s for {len(data)} bytes")

    return timed
