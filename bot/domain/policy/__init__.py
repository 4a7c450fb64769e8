"""The policy: what may be shared with whom, approved by whom. Values in, values out; never a file, a clock or
a look-up.

facts and clauses are what a rule can ask; rules is the policy as values; judging decides; requirement and
votes count; explain shows every clause. The file itself is read by bot.domain.policy_file.
"""

from bot.domain.policy.break_glass import BreakGlass
from bot.domain.policy.clauses import OPERATORS_OF, Clause, Operator
from bot.domain.policy.facts import FACTS, Ask, Fact, FactType
from bot.domain.policy.judging import judge
from bot.domain.policy.requirement import groups_of, in_words, merge, missing_in_words
from bot.domain.policy.rules import (
    BUILT_IN,
    LIMITS,
    Defaults,
    Effect,
    Escalation,
    Mode,
    Policy,
    PolicyLimits,
    ReasonRule,
    Rule,
    ShareFor,
)
from bot.domain.policy.spans import read_span, span_in_words
from bot.domain.policy.votes import (
    StaticVoters,
    Vote,
    can_break_glass,
    can_count,
    can_vote,
    is_met,
    nobody_can_approve,
    still_missing,
)

__all__ = [
    "BUILT_IN",
    "FACTS",
    "LIMITS",
    "OPERATORS_OF",
    "Ask",
    "BreakGlass",
    "Clause",
    "Defaults",
    "Effect",
    "Escalation",
    "Fact",
    "FactType",
    "Mode",
    "Operator",
    "Policy",
    "PolicyLimits",
    "ReasonRule",
    "Rule",
    "ShareFor",
    "StaticVoters",
    "Vote",
    "can_break_glass",
    "can_count",
    "can_vote",
    "groups_of",
    "in_words",
    "is_met",
    "judge",
    "merge",
    "missing_in_words",
    "nobody_can_approve",
    "read_span",
    "span_in_words",
    "still_missing",
]
