"""Each invariant fires on a bad history, and only there: a check that cannot fail is a defect."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache

import pytest

from tests import invariants
from tests.invariants import ALL, violations_of
from tests.invariants.evidence import Collected
from tests.invariants.histories import BAD, Bad
from tests.invariants.histories_of_ends import BAD_ENDS
from tests.simulation import run_script, script_of

SEED = 4
HISTORIES = (*BAD, *BAD_ENDS)


@cache
def _good() -> Collected:
    """A long story in which nothing goes wrong."""
    whole = script_of(SEED)
    return run_script(replace(whole.without(*whole.kinds()), sqlite=False)).seen


@pytest.fixture
def good() -> Collected:
    return copy.copy(_good())


def test_a_good_history_breaks_nothing(good: Collected) -> None:
    """Else every bad one would seem to be found."""
    assert violations_of(good) == []


@pytest.mark.parametrize(("name", "bad"), HISTORIES, ids=lambda value: getattr(value, "__name__", value))
def test_the_invariant_fires_on_a_bad_history(name: str, bad: Bad, good: Collected) -> None:
    """A check that cannot fail is a defect."""
    bad(good)
    invariant = getattr(invariants, name)

    assert list(invariant(good)), f"{name} saw nothing wrong"


def test_every_invariant_has_a_bad_history() -> None:
    """Whoever adds one shows that it can fail."""
    assert {name for name, _ in HISTORIES} == {invariant.__name__ for invariant in ALL}


def test_every_promise_that_can_be_seen_from_outside_has_an_invariant() -> None:
    """The twelfth, of bad files and settings, is about starting and not about running."""
    assert set(ALL.values()) == set(range(1, 12))
