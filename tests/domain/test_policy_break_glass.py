"""Breaking the glass: who may, and what they have to say. Never past anything but approvals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.model import NO_REQUIREMENT, Need, Outcome, Verdict
from bot.domain.policy import BreakGlass, Policy, can_break_glass
from bot.domain.policy_file import lint, load
from tests.domain.policy_builders import FRAME, actor, groups, need, policy, said

OPEN = "id: all, effect: permit, when: {}, require: {count: 2, from: [leads]}"
GLASS = """break_glass:
  by: [engineers]
  reason: {min_length: 10}
  max_pairs: 2
  review_within: 12h
  review: {count: 1, from: [security]}
"""
WAITS = Verdict(outcome=Outcome.NEEDS_APPROVALS, requirement=need(2, "leads"))
WHY = "the shop is down since noon"


def refusal(
    made: Policy, by: object = None, verdict: Verdict = WAITS, why: str = WHY, pairs: int = 1
) -> str | None:
    return can_break_glass(made, by or actor("engineers"), verdict, reason=why, pairs=pairs)  # type: ignore[arg-type]


def test_the_section_is_read_whole() -> None:
    """Every key means something."""
    assert policy(OPEN, GLASS).break_glass == BreakGlass(
        by=groups("engineers"),
        review=Need(count=1, groups=groups("security")),
        min_reason=10,
        max_pairs=2,
        review_within=timedelta(hours=12),
    )


def test_only_by_and_review_have_to_be_said() -> None:
    """The rest has defaults, never above the limits of the file."""
    more = "limits: {max_pairs: 3}\nbreak_glass: {by: [engineers], review: {count: 1, from: [security]}}\n"
    glass = policy(OPEN, more).break_glass

    assert glass is not None
    assert (glass.min_reason, glass.max_pairs, glass.review_within) == (20, 3, timedelta(hours=24))


def test_without_the_section_there_is_no_way_around_approvals() -> None:
    """Nobody has it by forgetting to forbid it."""
    assert policy(OPEN).break_glass is None
    assert "no way around" in str(refusal(policy(OPEN)))


def test_those_named_may() -> None:
    """Within the bounds, at once."""
    assert refusal(policy(OPEN, GLASS), pairs=2) is None


@pytest.mark.parametrize("outcome", [Outcome.DENY, Outcome.HOLD, Outcome.ALLOW])
def test_nothing_but_missing_approvals_can_be_gone_around(outcome: Outcome) -> None:
    """A forbid stays a forbid, an unknown fact unknown."""
    verdict = Verdict(outcome=outcome, requirement=NO_REQUIREMENT)

    assert "replaces approvals" in str(refusal(policy(OPEN, GLASS), verdict=verdict))


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (actor("leads"), "Only people of engineers may"),
        (actor("leads", unknown=("engineers",)), "could not be read just now"),
        (actor("engineers", is_guest=True), "Guests cannot break the glass"),
        (actor("engineers", is_guest=None), "did not say enough"),
        (actor("engineers", is_foreign=True), "another workspace cannot break the glass"),
    ],
)
def test_others_may_not(by: object, words: str) -> None:
    """Each is told why."""
    assert words in str(refusal(policy(OPEN, GLASS), by))


def test_it_takes_a_reason_and_few_pairs() -> None:
    """Somebody will have to review it."""
    made = policy(OPEN, GLASS)

    assert "at least 10 characters" in str(refusal(made, why="   down    "))
    assert refusal(made, why="0123456789") is None
    assert "3 pairs are too many" in str(refusal(made, pairs=3))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("by: [engineers]", "by: []", "an empty list"),
        ("by: [engineers]", "by: [enginers]", 'did you mean "engineers"?'),
        ("  by: [engineers]\n", "", '"by" is missing'),
        ("review: {count: 1, from: [security]}", "review: none", "somebody has to look at it"),
        (
            "review: {count: 1, from: [security]}",
            "review: {count: 9, from: [owners]}",
            "nobody can ever approve",
        ),
        ("  review: {count: 1, from: [security]}\n", "", '"review" is missing'),
        ("max_pairs: 2", "max_pairs: 501", "at most 500, as in limits"),
        ("max_pairs: 2", "max_pairs: few", "a whole number"),
        ("min_length: 10", "min_length: 0", "a whole number from 1 to 256"),
        ("min_length: 10", "length: 10", 'unknown key "length"'),
        ("review_within: 12h", "review_within: soon", "a length of time"),
        ("max_pairs: 2", "max_pairs: 2\n  for: 3d", 'unknown key "for"'),
    ],
)
def test_a_wrong_section_is_refused(old: str, new: str, words: str) -> None:
    """A way around approvals that was not meant is the worst of all typos."""
    assert old in GLASS
    assert words in said(f"{FRAME}{GLASS.replace(old, new)}rules:\n  - {{{OPEN}}}\n")


def test_an_approval_nobody_else_could_review_is_told() -> None:
    """Alice breaks the glass and reviews herself."""
    more = GLASS.replace("by: [engineers]", "by: [owners]").replace(
        "1, from: [security]", "2, from: [owners]"
    )
    found = "\n".join(
        str(problem) for problem in lint(load(f"{FRAME}{more}rules:\n  - {{{OPEN}}}\n", "p.yml"))
    )

    assert (
        "p.yml:14:3: break_glass: when U0ALICE or U0BOB breaks the glass, nobody else can review it" in found
    )


def test_its_groups_count_as_used() -> None:
    """Else the lint would ask to remove them."""
    what = [problem.what for problem in lint(policy(OPEN, GLASS))]

    assert not [words for words in what if '"engineers"' in words or '"security"' in words]


def test_a_refusal_does_not_depend_on_the_policy_being_whole() -> None:
    """The value judges alone as well."""
    glass = BreakGlass(by=groups("engineers"), review=need(1, "security"))

    assert glass.refusal(actor("engineers"), WAITS, "x" * 20, 5) is None
    assert glass.refusal(actor("engineers"), replace(WAITS, outcome=Outcome.DENY), "x" * 20, 5)
