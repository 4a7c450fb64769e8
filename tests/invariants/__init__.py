"""The promises of the design as functions: each looks at the evidence and says in words what was broken.

They share nothing with the product but the values it keeps: rights are read by the reference reading of the policy, the
hash chain is counted anew. The simulation, the journeys over sockets and a soak give the same evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.invariants.acknowledged import acknowledged_clicks, acknowledged_commands, questions_answered
from tests.invariants.cards import cards_show_the_end, ends_fit_their_pairs, failures_were_read
from tests.invariants.decisions import approved_in_time, decided_on_what_was_shown, unknown_holds
from tests.invariants.endings import everything_ends, stuck_is_said
from tests.invariants.evidence import Evidence, Violation
from tests.invariants.lasting import only_what_failed_is_retried, shares_end
from tests.invariants.log import chain_holds, every_step_is_logged, steps_are_legal
from tests.invariants.order import delivered_in_order, duplicates_are_marked, everything_delivered
from tests.invariants.privacy import no_foreign_mention, no_secret_left
from tests.invariants.refusals import clicks_are_answered, refusals_say_why
from tests.invariants.rights import shared_by_right, votes_count
from tests.invariants.submits import no_blind_second_submit
from tests.invariants.truth import messages_hold, outcomes_were_read, truth_at_the_end

Invariant = Callable[[Evidence], Iterator[str]]

ALL: Mapping[Invariant, int] = {
    shared_by_right: 1,
    shares_end: 1,
    acknowledged_commands: 2,
    acknowledged_clicks: 2,
    questions_answered: 2,
    no_blind_second_submit: 3,
    only_what_failed_is_retried: 3,
    outcomes_were_read: 4,
    failures_were_read: 4,
    ends_fit_their_pairs: 4,
    cards_show_the_end: 4,
    truth_at_the_end: 4,
    messages_hold: 4,
    everything_ends: 5,
    stuck_is_said: 5,
    everything_delivered: 6,
    delivered_in_order: 6,
    duplicates_are_marked: 6,
    votes_count: 7,
    approved_in_time: 7,
    unknown_holds: 7,
    decided_on_what_was_shown: 7,
    refusals_say_why: 8,
    clicks_are_answered: 8,
    chain_holds: 9,
    every_step_is_logged: 9,
    steps_are_legal: 9,
    no_secret_left: 10,
    no_foreign_mention: 11,
}
"""Every invariant, and the number of the promise it is about."""

AFTER_EACH_CALL: Mapping[Invariant, int] = {shared_by_right: 1, no_blind_second_submit: 3}
"""Those that are worth asking after each call to the cloud: what they see then is final."""

OF_THE_STORE: Mapping[Invariant, int] = {
    refusals_say_why: 8, clicks_are_answered: 8, chain_holds: 9, every_step_is_logged: 9, steps_are_legal: 9,
}  # fmt: skip
"""Those that a database alone can be judged by, at any moment."""


def violations_of(evidence: Evidence, which: Mapping[Invariant, int] = ALL) -> list[Violation]:
    """Every promise that was broken, each instance once, in the order of the promises."""
    return [
        Violation(promise, invariant.__name__, what)
        for invariant, promise in which.items()
        for what in dict.fromkeys(invariant(evidence))
    ]
