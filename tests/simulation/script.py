"""What a seed means: which kinds of trouble are on and how often, what people do and when, what happens to the world meanwhile.
A script can be made smaller, and says so in words that the command line takes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from tests.simulation.chance import RATES, Fault, Hit


class DeedKind(StrEnum):
    """What happens at a time."""

    TYPES = "somebody types"
    PRESSES = "somebody presses"
    CONSOLE = "console change"
    POLICY = "policy edit"
    JOINS = "somebody joins or leaves a group"
    CLOCK = "clock jump"
    SECOND = "second worker"
    FREEZE = "frozen process"
    STOP = "graceful stop"
    STORM_CLOUD = "storm of cloud 429"
    STORM_CHAT = "storm of Slack 429"
    STORM_STORE = "store busy for a while"
    CHANNEL = "channel closed to the bot"
    DELETED = "card deleted in Slack"
    LATE = "clock jumps to a deadline as several approve"


PEOPLE = (DeedKind.TYPES, DeedKind.PRESSES)
"""What people do is no trouble by itself."""
WORLD: Mapping[DeedKind, int] = {
    DeedKind.CONSOLE: 5, DeedKind.POLICY: 3, DeedKind.JOINS: 4, DeedKind.CLOCK: 3, DeedKind.SECOND: 2,
    DeedKind.FREEZE: 2, DeedKind.STOP: 2, DeedKind.STORM_CLOUD: 2, DeedKind.STORM_CHAT: 2,
    DeedKind.STORM_STORE: 2, DeedKind.CHANNEL: 2, DeedKind.DELETED: 2,
    DeedKind.LATE: 2,
}  # fmt: skip
"""How often each happens at most in one story."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that happens at a time; its details come from dice of its own."""

    number: int
    at: float
    kind: DeedKind

    def dice(self, seed: int) -> Random:
        return Random(f"{seed}/deed/{self.number}")


@dataclass(frozen=True, kw_only=True)
class Script:
    seed: int
    rates: Mapping[Fault, float]
    deeds: tuple[Deed, ...]
    length: float
    """Seconds after which trouble is over."""
    sqlite: bool
    """Whether the rows of the real store are used, or the tables in memory."""
    hands: int
    """The size of a crew."""
    blind: bool
    """Whether the bot may not look for its own messages in Slack."""
    only: frozenset[Hit] | None = None

    def without(self, *kinds: str) -> Script:
        """The kinds of trouble, by name, are off."""
        rates = {kind: rate for kind, rate in self.rates.items() if kind.name not in kinds}
        return replace(self, rates=rates, deeds=tuple(d for d in self.deeds if d.kind.name not in kinds))

    def with_hits(self, hits: frozenset[Hit]) -> Script:
        return replace(self, only=hits)

    def with_deeds(self, numbers: frozenset[int]) -> Script:
        return replace(self, deeds=tuple(deed for deed in self.deeds if deed.number in numbers))

    def kinds(self) -> list[str]:
        """Names of the kinds of trouble that are on."""
        world = dict.fromkeys(deed.kind.name for deed in self.deeds if deed.kind not in PEOPLE)
        return [*(kind.name for kind in self.rates), *world]

    def command(self) -> str:
        """What to type to play it again."""
        whole = script_of(self.seed)
        words = [f"python -m tests.simulation --seed {self.seed}"]
        gone = sorted(set(whole.kinds()) - set(self.kinds()))
        if gone and self.only is None:
            words.append(f"--without {','.join(gone)}")
        if self.only is not None:
            hits = ",".join(f"{kind.name}:{number}" for kind, number in sorted(self.only))
            words.append(f"--hits '{hits}'")
        if self.deeds != whole.deeds:
            words.append(f"--deeds '{','.join(str(deed.number) for deed in self.deeds)}'")
        if self.length != whole.length:
            words.append(f"--until {self.length:g}")
        return " ".join(words)


def hits_of(text: str) -> frozenset[Hit]:
    """The hits as `Script.command` writes them."""
    pairs = (word.split(":") for word in text.split(",") if word)
    return frozenset((Fault[name], int(number)) for name, number in pairs)


def script_of(seed: int) -> Script:
    """The script of a seed. Each seed has a subset of the kinds of trouble on, each rarer or more frequent than usual."""
    dice = Random(f"{seed}/script")
    length = dice.uniform(240, 900)
    share = dice.choice((0.15, 0.4, 0.6, 0.6, 0.9))
    rates = {kind: rate * dice.choice((0.5, 1, 2)) for kind, rate in RATES.items() if dice.random() < share}
    deeds: list[tuple[float, DeedKind]] = []
    for kind, most in WORLD.items():
        if dice.random() < share:
            deeds += [(dice.uniform(5, length), kind) for _ in range(dice.randint(1, most))]
    deeds += [(dice.uniform(0, length * 0.7), DeedKind.TYPES) for _ in range(dice.randint(4, 9))]
    deeds += [(dice.uniform(10, length), DeedKind.PRESSES) for _ in range(dice.randint(14, 34))]
    deeds.sort(key=lambda deed: deed[0])
    return Script(
        seed=seed,
        rates=rates,
        deeds=tuple(Deed(number=i, at=round(at, 3), kind=kind) for i, (at, kind) in enumerate(deeds)),
        length=round(length, 3),
        sqlite=dice.random() < 0.6,
        hands=dice.randint(2, 5),
        blind=dice.random() < 0.7,
    )
