"""Reading whole files: what a good one becomes, and how the file's own tests guard it."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import PolicyError
from bot.domain.model import Action, AllOf, GroupDef, GroupName, Outcome
from bot.domain.policy import Effect, judge
from bot.domain.policy_file import lint, load
from tests.domain.policy_builders import FRAME, ask, need, policy, said

OPEN_RULE = "id: p, effect: permit, when: {}, require: none"
EXAMPLE = Path(__file__).parents[2] / "policy.example.yml"
OPEN = "rules:\n  - {id: open, effect: permit, when: {}, require: none}\n"


def test_the_example_keeps_all_its_promises() -> None:
    """It is the first file everybody copies."""
    found = load(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name)

    assert len(found.rules) >= 5
    assert found.defaults.channel is not None


def test_the_example_gives_no_warning() -> None:
    """An example must be clean, or its warnings are copied too."""
    found = load(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name)

    assert lint(found) == ()


def test_every_section_arrives() -> None:
    """Nothing of the file is lost on the way."""
    text = FRAME + (
        "defaults: {self_approval: true, expires_after: 2d, remind: [2h, 30m], channel: C0X, time_zone: Asia/Tokyo}\n"
        "limits: {max_pairs: 7, max_open_per_requester: 2}\n" + OPEN
    )

    found = load(text)

    assert found.version == 1
    assert found.digest == hashlib.sha256(text.encode()).hexdigest()
    assert found.groups[GroupName("owners")] == GroupDef(
        name=GroupName("owners"), slack_users=("U0ALICE", "U0BOB")
    )
    assert found.groups[GroupName("leads")].slack_usergroup == "S0LEADS"
    assert (found.projects[0].env, found.projects[0].labels, found.projects[2].env) == (
        "dev",
        {"tier": "gold"},
        None,
    )
    assert found.defaults.self_approval
    assert found.defaults.expires_after == timedelta(days=2)
    assert found.defaults.remind == (timedelta(minutes=30), timedelta(hours=2))
    assert (found.defaults.channel, found.defaults.time_zone) == ("C0X", "Asia/Tokyo")
    assert (found.limits.max_pairs, found.limits.max_open_per_requester) == (7, 2)


def test_what_is_left_out_has_its_default() -> None:
    """A small file is a whole file."""
    found = load(FRAME + OPEN)

    assert (found.defaults.self_approval, found.defaults.remind, found.defaults.channel) == (False, (), None)
    assert found.defaults.expires_after == timedelta(hours=24)
    assert (found.limits.max_pairs, found.limits.max_open_per_requester) == (500, 5)


def test_every_key_of_a_rule_arrives() -> None:
    """Each of them changes who may do what."""
    found = policy(
        "id: all, effect: permit, action: any, when: {project.env: dev}, unless: [{image.windows: true}], "
        "require: {all_of: [{count: 1, from: leads}, {count: 2, from: [security]}]}, message: Look twice., "
        "reason: {pattern: ^CHG, hint: say CHG}, share_for: {max: 30d, default: 7d}, self_approval: true, "
        "notify: [owners]"
    ).rules[0]

    assert (found.effect, found.actions) == (Effect.PERMIT, frozenset(Action))
    assert [clause.fact for clause in found.when] == ["project.env"]
    assert [clause.fact for clause in found.unless[0]] == ["image.windows"]
    assert found.requirement == AllOf(items=(need(1, "leads"), need(2, "security")))
    assert found.message == "Look twice."
    assert found.reason is not None
    assert (found.reason.pattern, found.reason.hint) == ("^CHG", "say CHG")
    assert found.share_for is not None
    assert (found.share_for.max, found.share_for.default) == (timedelta(days=30), timedelta(days=7))
    assert found.self_approval
    assert found.notify == {"owners"}


def test_a_message_folded_over_lines_is_one_line() -> None:
    """It becomes one sentence of a card."""
    text = FRAME + (
        "rules:\n  - id: a\n    effect: forbid\n    when: {}\n    message: |\n      Not\n      this one.\n"
    )

    assert load(text).rules[0].message == "Not this one."


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    """Norway is not false, and a version is not a number."""
    text = FRAME.replace("env: dev", "env: no").replace("tier: gold", "tier: 1.10") + (
        "rules:\n  - {id: a, effect: permit, when: {project.env: no, project.labels.tier: 1.10}, require: none}\n"
    )
    found = load(text)

    assert (found.projects[0].env, found.projects[0].labels["tier"]) == ("no", "1.10")
    assert judge(found, ask(found)).outcome is Outcome.ALLOW


def test_a_byte_order_mark_is_no_problem() -> None:
    """Some editors write one."""
    assert load("\ufeff" + FRAME + OPEN).rules


def test_an_alias_saves_writing() -> None:
    """Plain reuse is welcome."""
    text = FRAME + (
        "rules:\n  - {id: a, effect: permit, when: &dev {project.env: dev}, require: none}\n"
        "  - {id: b, effect: permit, action: unshare, when: *dev, require: none}\n"
    )

    first, second = load(text).rules

    assert first.when == second.when


# -- the file's own tests ----------------------------------------------------------------


def file_with_test(request: str, expect: str, rule: str = OPEN_RULE) -> str:
    """A file of one rule with one test."""
    return (
        f"{FRAME}rules:\n  - {{{rule}}}\n"
        f"tests:\n  - {{name: t, request: {{{request}}}, expect: {{{expect}}}}}\n"
    )


USUAL = "by: {groups: [engineers]}, image: {}, project: shop-dev"


def test_a_file_that_breaks_its_own_promise_is_refused_with_the_line() -> None:
    """The test says what was expected, what came, and why."""
    assert said(file_with_test(USUAL, "outcome: deny")) == (
        'p.yml:16:5: test "t": expected deny, got allow (rule "p" permits this without approval)'
    )


def test_every_failed_test_is_told() -> None:
    """Not one a run."""
    text = (
        file_with_test(USUAL, "outcome: deny")
        + f"  - {{name: u, request: {{{USUAL}}}, expect: {{outcome: hold}}}}\n"
    )

    assert said(text).count("expected") == 2


@pytest.mark.parametrize(
    ("request_", "rule", "expect"),
    [
        ("by: {groups: [leads]}", "when: {requester.groups: [leads]}", "allow"),
        ("by: {unknown_groups: [leads]}", "when: {requester.groups: [leads]}", "hold"),
        ("by: {groups: []}", "when: {requester.groups: [leads]}", "deny"),
        ("by: {guest: true}", "when: {requester.is_guest: true}", "allow"),
        ("by: {}", "when: {requester.is_guest: true}", "deny"),
        ("by: {guest: unknown}", "when: {requester.is_guest: true}", "hold"),
        ("by: {id: U0ALICE}", "when: {requester.id: U0ALICE}", "allow"),
        ("image: {encrypted: true}", "when: {image.encrypted: true}", "allow"),
        ("image: {}", "when: {image.encrypted: true}", "hold"),
        ("image: {name: x}", "when: {image.name: {glob: x}}", "allow"),
        ("image: {name: unknown}", "when: {image.name: {glob: x}}", "hold"),
        ("image: {name: 'unknown'}", "when: {image.name: {glob: x}}", "deny"),
        ("image: {kind: data}", "when: {image.kind: data}", "allow"),
        ("image: {os: Ubuntu}", "when: {image.os: Ubuntu}", "allow"),
        ("image: {tags: [a]}", "when: {image.tags: [a]}", "allow"),
        ("image: {size_gb: 40}", "when: {image.size_gb: {lt: 41}}", "allow"),
        ("image: {age_days: 3}", "when: {image.age_days: 3}", "allow"),
        ("image: {shared_count: 3}", "when: {image.shared_count: {ge: 3}}", "allow"),
        ("image: {windows: true}", "when: {image.windows: true}", "allow"),
        ("image: {owned: false}", "when: {}", "deny"),
        ("image: {owned: unknown}", "when: {}", "hold"),
        ("image: {active: false}", "when: {}", "deny"),
        ("image: {active: unknown}", "when: {}", "hold"),
        ("image: {public: true}", "when: {}", "deny"),
        ("image: {marketplace: true}", "when: {}", "deny"),
        ("image: {owner: 9c61004714024f9586705d090530f9fa}", "when: {}", "deny"),
        ("project: acme-lab", "when: {project.tenant: acme}", "allow"),
        ("action: unshare", "when: {}", "deny"),
        ("duration: 3d", "when: {request.duration_days: 3}", "allow"),
        ("reason: CHG-1", "when: {request.reason: CHG-1}", "allow"),
        ("pairs: 9, images: 3, projects: 3", "when: {request.pairs: 9, request.images: 3, request.projects: 3}", "allow"),
        ("channel: C0X", "when: {request.channel: C0X}", "allow"),
        ("by: {}", "when: {request.hour: 12, request.weekday: wed}", "allow"),
        ("at: 2026-03-07T09:30:00+00:00", "when: {request.hour: 9, request.weekday: sat}", "allow"),
    ],
)  # fmt: skip
def test_a_test_can_say_every_fact(request_: str, rule: str, expect: str) -> None:
    """What a rule can ask, a test can set; what it does not say of an image is unknown."""
    usual = {"by": "{groups: []}", "image": "{}", "project": "shop-dev"}
    given = request_ + "".join(
        f", {key}: {value}" for key, value in usual.items() if f"{key}: " not in request_
    )

    assert load(file_with_test(given, f"outcome: {expect}", f"id: p, effect: permit, {rule}, require: none"))


LOCKED = "id: p, effect: permit, when: {}, require: {all_of: [{count: 1, from: [leads]}, {count: 1, from: [security]}]}"


@pytest.mark.parametrize(
    "require",
    ["1 of leads and 1 of security", "{all_of: [{count: 1, from: [security]}, {count: 1, from: [leads]}]}"],
)
def test_a_test_may_expect_approvals_in_words_or_as_in_a_rule(require: str) -> None:
    """Whichever reads better."""
    assert load(file_with_test(USUAL, f"outcome: needs_approvals, rule: p, require: {require}", LOCKED))


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("require: 1 of leads", 'expected require "1 of leads", got "1 of leads and 1 of security"'),
        ("require: {count: 1, from: [leads]}", 'expected require "1 of leads"'),
        ("require: none", 'expected require "no approval"'),
        ("rule: q", "expected rule q, got p"),
    ],
)
def test_a_test_fails_when_only_the_outcome_fits(expect: str, words: str) -> None:
    """The right answer for another reason is a wrong answer."""
    assert words in said(file_with_test(USUAL, f"outcome: needs_approvals, {expect}", LOCKED))


def test_tests_do_not_run_on_a_file_with_other_problems() -> None:
    """What they would say means nothing then."""
    text = file_with_test(USUAL, "outcome: deny").replace("when: {}", "wen: {}")

    with pytest.raises(PolicyError) as caught:
        load(text)
    assert not any("expected deny" in problem.what for problem in caught.value.problems)
