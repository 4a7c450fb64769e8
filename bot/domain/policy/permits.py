"""Whether one permit is open for an ask: its conditions, and what the requester could mend about it, the form of the
reason and the time. Combines nothing; that is judging's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.model import Action
from bot.domain.policy.facts import Ask, Reading
from bot.domain.policy.rules import Rule
from bot.domain.policy.spans import span_in_words
from bot.domain.policy.words import value_of


@dataclass(frozen=True, kw_only=True)
class PermitReading:
    """What became of one permit: open, closed, or unknown; and what the requester could mend about it."""

    rule: Rule
    applies: bool | None
    """Its conditions alone."""
    mendable: tuple[tuple[str, str], ...] = ()
    """What failed, and what to do about it: a reason of the wrong form, too long a time."""

    @property
    def open(self) -> bool | None:
        return False if self.mendable else self.applies


def read_permit(rule: Rule, reading: Reading) -> PermitReading:
    """Whether this permit is open for the ask, its reason and time included."""
    applies = rule.applies(reading)
    mendable: list[tuple[str, str]] = []
    if applies is False:
        return PermitReading(rule=rule, applies=False)
    ask = reading.ask
    if rule.reason is not None and not rule.reason.accepts(ask.reason):
        mendable.append((bad_reason(ask), rule.reason.hint))
    if (
        rule.share_for is not None
        and ask.action is Action.SHARE
        and (ask.duration or timedelta(0)) > rule.share_for.max
    ):
        longest = span_in_words(rule.share_for.max)
        mendable.append(
            (
                f"{span_in_words(ask.duration or timedelta(0))} is longer than {longest}",
                f"ask for at most {longest}",
            )
        )
    return PermitReading(rule=rule, applies=applies, mendable=tuple(mendable))


def bad_reason(ask: Ask) -> str:
    """What is wrong with the reason, in words."""
    return f"the reason {value_of(ask.reason)} does not do" if ask.reason else "a reason is wanted"
