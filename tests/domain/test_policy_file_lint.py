"""Warnings about policies that are valid and likely not meant."""

from __future__ import annotations

from bot.domain.policy_file import lint, load
from tests.domain.policy_builders import FRAME

CLEAN = """version: 1
groups:
  engineers: {slack_usergroup: S0ENGINEERS}
  owners: {slack_users: [U0ALICE, U0BOB]}
projects:
  - {id: 9c61004714024f9586705d090530f9fa, name: shop-dev, env: dev, labels: {tier: gold}}
  - {id: edc89b490d7d4392898e19b2deb34797, name: shop-prod, env: prod}
rules:
  - {id: a, effect: permit, when: {requester.groups: [engineers]}, require: {count: 1, from: [owners]}}
"""


def warned(old: str = "", new: str = "", more: str = "") -> str:
    """All warnings of the clean policy after this change."""
    assert old in CLEAN
    return "\n".join(str(problem) for problem in lint(load(CLEAN.replace(old, new, 1) + more, "p.yml")))


def test_a_clean_policy_gives_no_warning() -> None:
    """Warnings that always come are not read."""
    assert warned() == ""


def test_a_project_no_permit_can_open_is_told_with_its_line() -> None:
    """It can be typed and is always refused."""
    found = warned("{requester.groups: [engineers]}", "{requester.groups: [engineers], project.env: dev}")

    assert found == 'p.yml:7:5: no permit can ever open project "shop-prod" (add a permit, or remove it)'


def test_a_project_that_is_forbidden_altogether_is_told() -> None:
    """The permit beside it is in vain."""
    found = warned(more="  - {id: no, effect: forbid, when: {project.env: prod}}\n")

    assert found == 'p.yml:7:5: rule "no" forbids everything to project "shop-prod"'


def test_a_forbid_with_further_conditions_is_no_reason_to_warn() -> None:
    """It forbids some images only."""
    assert (
        warned(more="  - {id: no, effect: forbid, when: {project.env: prod, image.encrypted: true}}\n") == ""
    )


def test_a_group_no_rule_uses_is_told() -> None:
    """Often the rule names another group by mistake."""
    found = warned("  owners:", "  spare: {slack_usergroup: S0SPARE}\n  owners:")

    assert found == 'p.yml:4:3: group "spare" is used by no rule'


def test_a_group_is_used_by_conditions_exceptions_and_notify_too() -> None:
    """Not only by approvals."""
    groups = "  b: {slack_usergroup: S0B}\n  c: {slack_usergroup: S0C}\n  owners:"
    rule = (
        "  - {id: x, effect: permit, when: {project.env: dev}, unless: {requester.groups: {none: [b]}}, "
        "require: {count: 1, from: [owners]}, notify: [c]}\n"
    )

    assert warned("  owners:", groups, rule) == ""


def test_an_approver_left_alone_is_told() -> None:
    """When Alice asks, Bob is not two people."""
    found = warned("count: 1", "count: 2")

    assert 'rule "a": when U0ALICE or U0BOB asks, nobody can approve' in found


def test_own_approval_takes_that_worry_away() -> None:
    """Alice and Bob are two then."""
    assert warned("count: 1, from: [owners]}", "count: 2, from: [owners]}, self_approval: true") == ""


def test_a_rule_that_lets_everybody_do_everything_is_told() -> None:
    """Valid, and hardly ever meant."""
    found = warned(more="  - {id: open, effect: permit, when: {}, require: none}\n")

    assert 'p.yml:10:5: rule "open" lets everybody do this with everything, without approval' in found


def test_a_word_no_project_has_is_told() -> None:
    """A typo in a forbid forbids nothing."""
    found = warned(more="  - {id: no, effect: forbid, when: {project.env: [prd]}}\n")

    assert 'rule "no": no project has project.env "prd"' in found


def test_a_comparison_that_an_absent_value_passes_is_told() -> None:
    """What has no tier is not gold."""
    found = warned(
        more="  - {id: no, effect: forbid, when: {project.labels.tier: {ne: gold}, image.windows: true}}\n"
    )

    assert 'rule "no": project.labels.tier ne also matches shop-prod: no project.labels.tier there' in found


def test_the_frame_of_the_other_tests_warns_of_its_unused_groups_only_once_each() -> None:
    """One finding, one line."""
    rule = "rules:\n  - {id: a, effect: permit, when: {requester.groups: [engineers]}, require: none}\n"
    found = [problem.what for problem in lint(load(FRAME + rule))]

    assert len(found) == len(set(found)) == 5
