"""Warnings about rules that do nothing, or something else than they say."""

from __future__ import annotations

import pytest

from bot.domain.policy_file import lint, load
from tests.domain.policy_builders import FRAME

OPEN = "id: all, effect: permit, when: {requester.groups: [engineers]}, require: {count: 1, from: [leads]}"


def warned(*rules: str) -> str:
    """Warnings about rules, without those about unused groups of the frame."""
    lines = "".join(f"  - {{{rule}}}\n" for rule in rules)
    found = lint(load(f"{FRAME}rules:\n{lines}", "p.yml"))
    return "\n".join(str(problem) for problem in found if "is used by no rule" not in problem.what)


def test_sound_rules_give_no_warning() -> None:
    """Warnings that always come are not read."""
    assert (
        warned(
            OPEN,
            "id: lock, effect: require, when: {image.kind: full-ecs}, require: {count: 1, from: [security]}",
            "id: no, effect: forbid, when: {image.encrypted: true}, unless: {image.tags: [ok]}",
            "id: back, effect: permit, action: unshare, when: {requester.groups: [engineers]}, require: none",
            "id: trial, effect: forbid, mode: warn, when: {image.windows: true}",
        )
        == ""
    )


@pytest.mark.parametrize(
    "when",
    [
        "image.size_gb: {gt: 10, lt: 5}",
        "image.size_gb: {gt: 10, eq: 10}",
        "request.hour: {ge: 18, lt: 8}",
        "request.pairs: {lt: 1}",
        "image.shared_count: {gt: 3, lt: 4}",
        "project.env: {eq: dev, ne: dev}",
        "project.env: {in: [dev, prod], regex: ^x}",
        "project.env: {exists: false, ne: dev, eq: prod}",
        "image.kind: {not_in: [system, data, full-ecs]}",
        "image.encrypted: {eq: true, ne: true}",
        "requester.groups: {any: [leads], none: [leads]}",
        "requester.groups: {all: [leads, owners], none: [owners]}",
        "image.tags: {exists: false, any: [x]}",
    ],
)
def test_conditions_that_contradict_each_other_are_told(when: str) -> None:
    """The rule never applies, whatever its author thinks."""
    fact = when.split(":")[0]

    assert f'p.yml:15:5: rule "odd": never true: {fact} is wanted ' in warned(
        OPEN, f"id: odd, effect: forbid, when: {{{when}}}"
    )


@pytest.mark.parametrize(
    "when",
    [
        "image.size_gb: {gt: 5, lt: 5.5}",
        "image.size_gb: {ge: 5, le: 5}",
        "image.age_days: {gt: 3, lt: 4, ne: 3.5}",
        "request.duration_days: {gt: 100000}",
        "image.name: {glob: 'a*', regex: 'z$'}",
        "image.name: {ne: a, not_in: [b, c]}",
        "image.tags: {any: [a, b], none: [a]}",
        "image.tags: {exists: true, none: [a]}",
        "project.env: {ne: dev, exists: false}",
        "request.hour: {ge: 23}",
    ],
)
def test_conditions_that_can_be_true_are_not_called_contradictions(when: str) -> None:
    """A lint that cries at honest rules is soon switched off."""
    assert "never true" not in warned(OPEN, f"id: odd, effect: forbid, when: {{{when}}}")


def test_an_exception_of_what_the_rule_asks_for_is_told() -> None:
    """It never applies then."""
    found = warned(
        OPEN, "id: odd, effect: forbid, when: {image.windows: true}, unless: {image.windows: true}"
    )

    assert 'rule "odd": never applies: it makes an exception of what it asks for' in found


def test_a_rule_that_takes_part_in_nothing_is_told() -> None:
    """Its projects do not exist."""
    assert 'rule "odd": found no request' in warned(
        OPEN, "id: odd, effect: forbid, when: {project.env: dev, project.tenant: acme}"
    )


@pytest.mark.parametrize(
    "rule",
    [
        "id: odd, effect: permit, when: {requester.groups: {all: [engineers, security]}}, require: {count: 1, from: [leads]}",
        "id: odd, effect: require, when: {image.windows: true}, require: {count: 1, from: [leads]}",
        "id: odd, effect: forbid, action: unshare, when: {image.windows: true}",
    ],
)
def test_a_rule_without_which_nothing_changes_is_told(rule: str) -> None:
    """Somebody believes that it protects them."""
    assert 'rule "odd": can never matter' in warned(OPEN, rule)


def test_a_rule_that_matters_in_one_case_only_is_not_told() -> None:
    """One exception that bites is enough."""
    assert (
        warned(
            OPEN,
            "id: rare, effect: forbid, when: {project.name: acme-lab, image.kind: data, request.pairs: {gt: 50}}",
        )
        == ""
    )


def test_permits_that_are_open_together_with_other_approvals_are_told() -> None:
    """Permits add up: the one without approval does not spare the other's."""
    found = warned(
        OPEN,
        "id: dev, effect: permit, when: {requester.groups: [engineers], project.env: dev}, require: none",
    )

    assert 'rules "all" and "dev" are both open for share to shop-dev (by somebody in engineers)' in found
    assert "together they need 1 of leads" in found


def test_permits_kept_apart_are_not_told() -> None:
    """By a condition, or by an exception."""
    assert "both open" not in warned(
        "id: a, effect: permit, when: {requester.groups: [engineers]}, unless: {project.env: dev}, require: {count: 1, from: [leads]}",
        "id: b, effect: permit, when: {requester.groups: [engineers], project.env: dev}, require: none",
    )


def test_rules_that_together_ask_for_more_people_than_there_are_are_told() -> None:
    """Each alone can be met; Alice and Bob are not four."""
    found = warned(
        "id: a, effect: permit, when: {requester.groups: [engineers]}, require: {count: 2, from: [owners]}",
        "id: b, effect: require, when: {image.windows: true}, require: {count: 2, from: [trio]}",
    )

    assert "nobody can approve share to shop-dev (by somebody in engineers, image.windows true)" in found
    assert '"a" and "b" together need 2 of owners and 2 of trio' in found
