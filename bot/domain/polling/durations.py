"""The laws of all kinds of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NewType

from bot.domain.model import Action
from bot.domain.polling.law import Law

Kind = NewType("Kind", str)
"""Jobs that may be expected to take alike: `<region>/<action>`."""

_COLD = Law()


def kind_of(action: Action, region: str) -> Kind:
    return Kind(f"{region}/{action.value}")


@dataclass(frozen=True)
class Durations:
    """The law of every kind of job that was ever seen. A value: learning gives a new one."""

    laws: Mapping[Kind, Law] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, kind: Kind) -> Law:
        """What is believed of a kind never seen: that it ends in one to three seconds as a rule."""
        return self.laws.get(kind) or _COLD

    def survived(self, kind: Kind, after: float, by: float) -> Durations:
        """Once a job of this kind was found running at both ages, in seconds."""
        return self._with(kind, self.of(kind).survived(after, by))

    def ended(self, kind: Kind, after: float, by: float) -> Durations:
        """Once a job of this kind was found running at the age `after` and ended at the age `by`, in
        seconds."""
        return self._with(kind, self.of(kind).ended(after, by))

    def _with(self, kind: Kind, law: Law) -> Durations:
        return Durations(MappingProxyType({**self.laws, kind: law}))

    @classmethod
    def from_plain(cls, plain: Mapping[str, object]) -> Durations:
        """From the laws by kind as JSON values. One that makes no sense is as if nothing had been learned: what was
        learned is worth little, and is never worth a bot that does not start."""
        read = {Kind(kind): Law.from_plain(law) for kind, law in plain.items()}
        return cls(MappingProxyType({kind: law for kind, law in read.items() if law is not None}))
