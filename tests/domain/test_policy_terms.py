"""What a rule asks beyond its conditions: a reason, a time, somebody else's approval; and what a refusal tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.model import GroupName, ImageKind, Outcome
from bot.domain.policy import Effect, Policy, Rule, judge
from tests.domain.policy_builders import IMAGE, actor, ask, policy, verdict

OPEN = "id: open, effect: permit, when: {}, require: none"
PROD = "id: prod, effect: permit, when: {requester.groups: [engineers], project.env: prod}, require: {count: 1, from: [leads]}"


# -- reason, time, own approval ----------------------------------------------------------

REASONED = 'id: r, effect: permit, when: {}, require: none, reason: {pattern: "^CHG-[0-9]+", hint: start with a change number}'


@pytest.mark.parametrize("reason", ["", "please", "see CHG-1"])
def test_a_permit_whose_reason_is_not_met_stays_closed_and_hints(reason: str) -> None:
    """The requester can mend this at once, so the hint is the nearest way."""
    found = verdict(REASONED, reason=reason)

    assert (found.outcome, found.rules, found.nearest) == (Outcome.DENY, ("r",), "start with a change number")


def test_a_fitting_reason_opens_the_permit() -> None:
    """And a long one does too: only its beginning is looked at."""
    assert verdict(REASONED, reason="CHG-1042 " + "x" * 500).outcome is Outcome.ALLOW


def test_another_open_permit_makes_up_for_a_missing_reason() -> None:
    """Permits open; one is enough."""
    assert verdict(f"{REASONED}\n{OPEN}").rules == ("open",)


def test_a_hint_of_a_permit_that_does_not_match_is_not_given() -> None:
    """A change number would not help here."""
    found = verdict(REASONED.replace("when: {}", "when: {project.env: prod}"))

    assert found.nearest == 'rule "r" wants project.env to be prod, and it is dev'


def test_a_lock_whose_reason_is_not_met_denies() -> None:
    """A require with a reason cannot be passed by leaving the reason out."""
    rules = (
        f"{OPEN}\nid: lock, effect: require, when: {{}}, require: {{count: 1, from: [leads]}}, "
        'reason: {pattern: "^CHG", hint: start with CHG}'
    )

    assert verdict(rules).nearest == "start with CHG"
    assert verdict(rules, reason="CHG-1").outcome is Outcome.NEEDS_APPROVALS


LIMITED = "id: t, effect: permit, when: {}, require: none, share_for: {max: 30d, default: 7d}"


def test_more_time_than_the_permit_gives_is_denied_with_the_most_it_gives() -> None:
    """The requester learns what to ask for."""
    found = verdict(LIMITED, duration=timedelta(days=31))

    assert (found.outcome, found.nearest) == (Outcome.DENY, "ask for at most 30d")


@pytest.mark.parametrize(
    ("rules", "asked", "lasts"),
    [
        (LIMITED, 30, 30),
        (LIMITED, None, 7),
        (LIMITED.replace(", default: 7d", ""), None, 30),
        (f"{LIMITED}\n{OPEN}", None, 7),
        (f"{LIMITED}\n{LIMITED.replace('id: t', 'id: u').replace('7d', '5d')}", None, 5),
        (f"{LIMITED}\n{OPEN}", 40, 40),
        (OPEN, None, None),
        (OPEN, 3, 3),
    ],
)
def test_a_share_lasts_as_asked_else_the_shortest_default(
    rules: str, asked: int | None, lasts: int | None
) -> None:
    """A share must not last longer than some rule meant it to."""
    found = verdict(rules, duration=None if asked is None else timedelta(days=asked))

    assert found.share_for == (None if lasts is None else timedelta(days=lasts))


def test_own_approval_counts_only_when_every_asking_rule_says_so() -> None:
    """One strict rule is enough."""
    own = "id: a, effect: permit, when: {}, require: {count: 1, from: [leads]}, self_approval: true"
    strict = "id: b, effect: require, when: {}, require: {count: 1, from: [security]}"

    assert verdict(own).self_approval
    assert verdict(f"{own}\n{OPEN}").self_approval
    assert not verdict(f"{own}\n{strict}").self_approval


def test_the_default_of_own_approval_can_be_overruled_by_a_rule() -> None:
    """The rule is nearer to the case than the default."""
    rules = "id: {}, effect: permit, when: {{project.env: {}}}, require: {{count: 1, from: [leads]}}{}"
    lines = f"{rules.format('a', 'dev', '')}\n{rules.format('b', 'prod', ', self_approval: false')}"
    made = policy(lines, "defaults: {self_approval: true}\n")

    assert judge(made, ask(made)).self_approval
    assert not judge(made, ask(made, "shop-prod")).self_approval


# -- the nearest way through -------------------------------------------------------------


def test_a_refusal_names_the_nearest_permit_and_what_it_misses() -> None:
    """Denied without a reason is the complaint against every peer."""
    found = verdict(PROD, "shop-prod", by=actor())

    assert found.why == (
        'no rule permits this: the nearest, "prod", wants requester.groups to include engineers, and you are in none of them'
    )
    assert (
        found.nearest
        == 'rule "prod" wants requester.groups to include engineers, and you are in none of them'
    )


def test_the_nearest_permit_is_the_one_with_fewest_failing_clauses() -> None:
    """Not the first of the file, nor the first by name."""
    far = "id: a, effect: permit, when: {project.env: prod, image.windows: true, image.kind: data}, require: none"
    near = "id: z, effect: permit, when: {image.windows: true}, require: none"

    assert verdict(f"{far}\n{near}").nearest == 'rule "z" wants image.windows to be true, and it is false'


def test_who_is_told_defaults_to_those_who_can_approve() -> None:
    """notify is for rules that want others told."""
    made = policy(
        "id: a, effect: permit, when: {}, require: {count: 1, from: [leads]}, notify: [security]\n"
        "id: b, effect: permit, when: {}, require: {count: 1, from: [leads]}"
    )
    leads = frozenset({GroupName("leads")})

    assert made.groups_to_tell(("b",), leads) == leads
    assert made.groups_to_tell(("a", "b"), leads) == {"security"}


def test_a_project_is_found_by_id_and_by_name_in_any_case() -> None:
    """People type names as they remember them."""
    made = policy("")
    shop = made.projects[0]

    assert made.project("SHOP-dev") == made.project(shop.id) == made.project(f" {shop.id.upper()} ") == shop
    assert made.project("shop") is None
    assert made.project_names() == ("shop-dev", "shop-prod", "acme-lab")


def test_a_policy_can_be_made_without_a_file() -> None:
    """Other parts build small policies for their own purposes."""
    made = Policy(rules=(Rule(id="open", effect=Effect.PERMIT),), projects=policy("").projects)

    assert judge(made, ask(made)).outcome is Outcome.ALLOW


def test_a_kind_is_compared_by_its_word() -> None:
    """The enum of the code and the word of the file are one."""
    rules = f"{OPEN}\nid: no, effect: forbid, when: {{image.kind: full-ecs}}"

    assert verdict(rules, image=replace(IMAGE, kind=ImageKind.FULL_ECS)).outcome is Outcome.DENY
    assert verdict(rules).outcome is Outcome.ALLOW
