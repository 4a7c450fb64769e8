"""What a target of the fuzzer is: a promise of the product as a function of bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

Judge = Callable[[bytes], None]
"""Returns when the promise was kept for this input; raises anything when it was broken."""

CORPUS = Path(__file__).parent / "corpus"


class BrokenPromiseError(AssertionError):
    """The product did what it promised never to do; the message says what."""


def broken(what: str) -> NoReturn:
    """Raises BrokenPromiseError."""
    raise BrokenPromiseError(what)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One promise, and how to feed it."""

    name: str
    promise: str
    """In one sentence."""
    make: Callable[[], Judge]
    """Builds the judge with the real product behind it; called once in a process."""
    tokens: tuple[str, ...] = ()
    """Words worth putting into an input."""
    longest: int = 4_096
    """Bytes of an input."""
    weight: int = 1
    """Its share of the time and of the inputs."""

    @property
    def seeds(self) -> Path:
        """The folder of committed inputs."""
        return CORPUS / self.name
