"""Values inside a cell, and cells that were written before a field existed."""

from __future__ import annotations

import json

from bot.adapters.store.codec import verdict, verdict_of
from bot.domain.model import Outcome, Verdict


def test_the_warnings_of_a_verdict_come_back() -> None:
    """What a rule on trial said is told long after it was judged."""
    given = Verdict(outcome=Outcome.ALLOW, rules=("all",), warnings=('rule "a" is on trial', "another"))

    assert verdict_of(verdict(given)) == given


def test_a_verdict_stored_before_there_were_warnings_is_read() -> None:
    """A new version opens the database of the old one."""
    cell = json.loads(verdict(Verdict(outcome=Outcome.DENY, why="no")))
    del cell["warnings"]

    assert verdict_of(json.dumps(cell)) == Verdict(outcome=Outcome.DENY, why="no")
