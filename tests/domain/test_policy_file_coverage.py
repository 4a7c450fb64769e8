"""What a policy's own tests exercise."""

from __future__ import annotations

from bot.domain.policy_file.coverage import Coverage, coverage
from bot.domain.policy_file.load import load_untested
from tests.domain.policy_builders import FRAME

RULES = """rules:
  - {id: all, effect: permit, when: {requester.groups: [engineers]}, require: none}
  - {id: no, effect: forbid, when: {image.encrypted: true}, unless: {image.tags: [ok]}}
  - {id: back, effect: permit, action: unshare, when: {}, require: none}
tests:
"""
PLAIN = "{by: {groups: [engineers]}, image: {encrypted: false}, project: shop-dev}, expect: {outcome: allow}"


def seen(*tests: str) -> Coverage:
    lines = "".join(f"  - {{name: t{number}, request: {test}}}\n" for number, test in enumerate(tests))
    policy, examples = load_untested(
        f"{FRAME}{RULES}{lines}" if tests else FRAME + RULES.replace("tests:\n", ""), "p.yml"
    )
    return coverage(policy, (example.ask for example in examples))


def test_every_rule_and_every_clause_counts_true_and_false() -> None:
    """Rule all: 2 + 2; no: 2 + 2 + 2; back has no clause, so it cannot be false."""
    assert (seen().reached, seen().all) == (0, 11)


def test_what_a_test_shows_is_no_gap() -> None:
    """One plain test shows five of the eleven."""
    found = seen(PLAIN)

    assert (found.reached, round(found.percent)) == (5, 45)
    assert [str(gap) for gap in found.gaps] == [
        'p.yml:14:5: rule "all" applies: never false in a test',
        'p.yml:14:5: rule "all": requester.groups any engineers: never false in a test',
        'p.yml:15:5: rule "no" applies: never true in a test',
        'p.yml:15:5: rule "no": image.encrypted eq true: never true in a test',
        'p.yml:15:5: rule "no": unless image.tags any ok: never true in a test',
        'p.yml:16:5: rule "back" applies: never true in a test',
    ]


def test_an_unknown_fact_shows_neither_true_nor_false() -> None:
    """A hold is worth a test, and does not replace the others."""
    unknown = PLAIN.replace("encrypted: false", "encrypted: unknown").replace("allow", "hold")

    assert 'rule "no": image.encrypted eq true' in str(seen(unknown).gaps)
    assert [gap.never for gap in seen(unknown).gaps if "encrypted" in gap.what] == [True, False]


def test_a_full_set_of_tests_leaves_no_gap() -> None:
    """100 percent is possible."""
    found = seen(
        PLAIN,
        "{by: {groups: []}, image: {encrypted: true}, project: shop-dev}, expect: {outcome: deny}",
        "{by: {groups: []}, image: {encrypted: true, tags: [ok]}, project: shop-dev}, expect: {outcome: deny}",
        "{by: {groups: []}, image: {}, project: shop-dev, action: unshare}, expect: {outcome: allow}",
    )

    assert found.gaps == ()
    assert found.percent == 100


def test_a_policy_without_rules_is_fully_exercised() -> None:
    """Nothing to show is no failure."""
    policy, _ = load_untested(f"{FRAME}rules: []\n")

    assert coverage(policy, ()).percent == 100
