"""Rules on trial (`mode: warn`): what each would have said of an ask, in a sentence. Without any effect on the verdict."""

from __future__ import annotations

from bot.domain.model import NO_REQUIREMENT
from bot.domain.policy.facts import Reading
from bot.domain.policy.permits import bad_reason, read_permit
from bot.domain.policy.requirement import in_words
from bot.domain.policy.rules import Effect, Policy, Rule
from bot.domain.policy.words import because, unknowns


def trial_warnings(policy: Policy, reading: Reading) -> tuple[str, ...]:
    """One sentence for each rule on trial that would take part here, by id."""
    said = ((rule, _said(rule, reading)) for rule in policy.rules_on_trial(reading.ask.action))
    return tuple(f'rule "{rule.id}" is on trial and {words}' for rule, words in said if words)


def _said(rule: Rule, reading: Reading) -> str:
    applies = read_permit(rule, reading).open if rule.effect is Effect.PERMIT else rule.applies(reading)
    if applies is False:
        return ""
    if applies is None:
        return f"could not be judged: {' and '.join(unknowns(rule, reading))} could not be read"
    match rule.effect:
        case Effect.FORBID:
            return f"would forbid this: {rule.message or because(rule, reading)}"
        case Effect.REQUIRE if rule.reason is not None and not rule.reason.accepts(reading.ask.reason):
            return f"would refuse this: {bad_reason(reading.ask)}: {rule.reason.hint}"
        case Effect.REQUIRE:
            return f"would also ask for {in_words(rule.requirement)}"
        case Effect.PERMIT:
            asks = "out approval" if rule.requirement == NO_REQUIREMENT else f" {in_words(rule.requirement)}"
            return f"would permit this with{asks}"
