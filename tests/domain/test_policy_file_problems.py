"""Files that must be refused: each problem with its place, what was found, and what would be right."""

from __future__ import annotations

import pytest

from bot.domain.policy_file import load
from tests.domain.policy_builders import FRAME, problems, said

OPEN = "rules:\n  - {id: open, effect: permit, when: {}, require: none}\n"


def with_rule(rule: str) -> str:
    """A file whose only doubtful part is this rule, in line 13."""
    return f"{FRAME}rules:\n  - {{{rule}}}\n"


def with_when(condition: str) -> str:
    return with_rule(f"id: a, effect: forbid, when: {{{condition}}}")


def with_require(require: str) -> str:
    return with_rule(f"id: a, effect: permit, when: {{}}, require: {require}")


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    """One run, one list, one repair."""
    text = (
        FRAME.replace("version: 1", "version: 2").replace("tenant: acme", "tennant: acme")
        + "rules:\n  - {id: a, effect: permt, when: {image.nam: x}}\n  - {id: a, effect: forbid, when: {}}\nmore: 1\n"
    )

    found = problems(text)

    assert [problem.where for problem in found] == [
        "p.yml:1:10", "p.yml:12:60", "p.yml:14:21", "p.yml:14:35", "p.yml:15:10", "p.yml:16:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        (with_rule("id: a, efect: forbid, when: {}"), "efect", 'unknown key "efect" (did you mean "effect"? allowed:'),
        (with_rule("id: a, effect: forbid, when: {}, mode: warm"), "warm", 'did you mean "warn"? allowed: enforce, warn'),
        (with_rule("id: a, effect: forbid"), "{id", '"when" is missing'),
        (with_rule("effect: forbid, when: {}"), "{effect", '"id" is missing'),
        (with_rule("id: a, effect: permt, when: {}"), "permt", 'did you mean "permit"? allowed: forbid, permit, require'),
        (with_rule("id: built-in, effect: forbid, when: {}"), "built-in", "taken by the bot itself"),
        (with_rule("id: a b, effect: forbid, when: {}"), "a b", "such as prod-needs-a-lead"),
        (with_rule("id: a, effect: forbid, action: delete, when: {}"), "delete", "allowed: any, share, unshare"),
        (with_rule("id: a, effect: forbid, when: {}, require: none"), "require: none", 'a forbid has no "require"'),
        (with_rule("id: a, effect: forbid, when: {}, self_approval: true"), "self_approval", "it belongs to a permit"),
        (with_rule("id: a, effect: permit, when: {}"), "{id", "require: none when nobody has to approve"),
        (with_rule("id: a, effect: require, when: {}, require: none"), "none}", "has to name some"),
        (with_rule("id: a, effect: require, when: {}, require: {count: 1, from: leads}, share_for: 3d"), "share_for", "a permit"),
        (with_rule("id: a, effect: forbid, when: {}, when: {}"), "when: {}}", '"when" a second time (the first is in line 14)'),
        (with_rule("id: a, effect: forbid, when: []"), "[]", "a list (a mapping of key: value is wanted)"),
        (with_rule("id: a, effect: forbid, when: {}, unless: [{}]"), "{}]", "is always so"),
        (with_rule("id: a, effect: forbid, when: {}, message: ''"), "''", "nothing (text is wanted"),
        (with_rule(f"id: a, effect: forbid, when: {{}}, message: {'x' * 301}"), "xxx", "at most 300"),
        (with_rule("id: a, effect: permit, when: {}, require: none, share_for: soon"), "soon", "30d is wanted"),
        (with_rule("id: a, effect: permit, when: {}, require: none, share_for: {max: 1d, default: 2d}"), "2d", "more than max"),
        (with_rule("id: a, effect: permit, when: {}, require: none, share_for: {default: 2d}"), "{default", '"max" is missing'),
        (with_rule("id: a, effect: permit, when: {}, require: none, self_approval: yes"), "yes", "true or false is wanted"),
        (with_rule("id: a, effect: permit, when: {}, require: none, notify: [leds]"), "leds", 'did you mean "leads"?'),
        (with_rule("id: a, effect: permit, when: {}, require: none, reason: {pattern: '(a+)+', hint: x}"), "'(a+)", "for ever"),
        (with_rule("id: a, effect: permit, when: {}, require: none, reason: {pattern: a}"), "{pattern", '"hint" is missing'),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused(text: str, at: str, words: str) -> None:
    """A rule nobody can misread; the place is where the wrong thing stands."""
    column = text.splitlines()[13].index(at) + 1

    assert f"p.yml:14:{column}: " in said(text)
    assert words in said(text)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("image.encrypte: true", 'unknown fact "image.encrypte" (did you mean "image.encrypted"?'),
        ("project.labels.teir: x", 'did you mean "project.labels.tier"?'),
        ("image.encrypted: 'true'", "true or false is wanted"),
        ("image.encrypted: [true]", "true or false can be compared by eq, ne, exists"),
        ("image.encrypted: {glob: x}", 'unknown key "glob"'),
        ("image.size_gb: big", "a number is wanted"),
        ("image.size_gb: {gt: 0x10}", "a number is wanted"),
        ("image.size_gb: {gt: .inf}", "a number is wanted"),
        ("image.size_gb: {regex: x}", "allowed: eq, exists, ge, gt, in, le, lt, ne, not_in"),
        ("image.kind: full-esc", 'did you mean "full-ecs"?'),
        ("image.name: {}", "no comparison"),
        ("image.name: ", "nothing (text is wanted)"),
        ("image.name: [a, a]", '"a" a second time'),
        ("image.name: []", "an empty list"),
        ("image.name: {in: a}", "a list is wanted"),
        ("image.name: {glob: [a]}", "a list (text is wanted)"),
        ("image.name: {regex: '('}", "no regular expression"),
        ("image.name: {regex: '(a|a)*'}", "for ever"),
        ("image.name: {exists: 1}", "true or false is wanted"),
        ("image.id: ABC", "an id in lower case is wanted"),
        ("requester.groups: [enginers]", 'did you mean "engineers"?'),
        ("requester.groups: {eq: engineers}", "allowed: all, any, exists, none"),
        ("project.name: shop-dve", 'did you mean "shop-dev"?'),
        ("project.id: 00000000000000000000000000000000", "allowed: 0f0e0d0c0b0a09080706050403020100"),
        ("request.weekday: monday", "allowed: fri, mon"),
        ("<<: {image.kind: data}", "a merge key"),
        ("[a]: b", "a key that is no text"),
    ],
)
def test_a_wrong_condition_is_refused(condition: str, words: str) -> None:
    """A typo in a forbid would open what it was to close."""
    assert words in said(with_when(condition))
    assert 'rule "a": when' in said(with_when(condition))


@pytest.mark.parametrize(
    ("require", "words"),
    [
        ("leads", "wanted: none, {count: 1, from: [group]}"),
        ("{count: 1}", "this is no requirement"),
        ("{count: 0, from: [leads]}", "a whole number from 1 to 20"),
        ("{count: '2', from: [leads]}", "a whole number from 1 to 20"),
        ("{count: 1, from: []}", "an empty list"),
        ("{count: 1, from: [led]}", "allowed: contractors, engineers"),
        ("{count: 3, from: [owners]}", "nobody can ever approve this: 3 of owners wanted, and 2 listed"),
        ("{all_of: [{count: 1, from: [leads]}]}", "all_of of 1 (2 to 8 are wanted)"),
        ("{all_of: [none, {count: 1, from: [leads]}]}", "this is no requirement"),
        ("{any_of: [{count: 1, from: [leads]}, {count: 2, from: [leads]}]}", "the same groups twice"),
        ("{all_of: [{count: 2, from: [owners]}, {count: 2, from: [trio]}]}", "too few to ever meet it"),
        (
            "{all_of: [{count: 1, from: [leads]}, {count: 1, from: [security]}], count: 1}",
            "this is no requirement",
        ),
    ],
)
def test_a_wrong_requirement_is_refused(require: str, words: str) -> None:
    """Approvals nobody could give would keep people waiting for ever."""
    assert words in said(with_require(require))


def test_a_person_in_two_groups_is_counted_once_when_the_list_is_checked() -> None:
    """Alice and Bob cannot be three people; with Carol of the trio they are."""
    enough = "{all_of: [{count: 2, from: [owners]}, {count: 1, from: [trio]}]}"

    assert load(with_require(enough)).rules


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "  leads: {slack_usergroup: S0LEADS}",
            "  leads: {}",
            "nobody is in it (name a slack_usergroup or slack_users)",
        ),
        ("[U0ALICE, U0BOB]}", "[]}", "nobody is in it (list at least one"),
        ("[U0ALICE, U0BOB]}", "[alice]}", 'slack_users: "alice" (wanted, such as U0ALICE'),
        ("[U0ALICE, U0BOB]}", "[U0BOB, U0BOB]}", '"U0BOB" a second time'),
        ("S0LEADS", "leads", "such as S0ENGINEERS"),
        ("  leads:", "  le ads:", 'group name: "le ads"'),
        ("  leads:", "  engineers:", '"engineers" a second time'),
        ("9c61004714024f9586705d090530f9fa", "9C61", "such as 9c61004714024f9586705d090530f9fa"),
        (
            "9c61004714024f9586705d090530f9fa",
            "edc89b490d7d4392898e19b2deb34797",
            "a second time (see line 10)",
        ),
        ("name: shop-prod", "name: Shop-Dev", "shop-dev a second time"),
        ("name: shop-prod", "name: for", "this word means something in a command"),
        ("name: shop-prod", "name: 'shop, prod'", "such as shop-dev"),
        ("{tier: gold}", "[gold]", "labels: a list"),
        ("env: prod", "env: ~", "env: nothing"),
        ("version: 1", "version: 1.0", "this bot reads version: 1"),
        ("version: 1", "", '"version" is missing'),
    ],
)
def test_a_wrong_register_is_refused(old: str, new: str, words: str) -> None:
    """Groups and projects are what everything else names."""
    assert old in FRAME
    assert words in said(FRAME.replace(old, new) + OPEN)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("defaults: {self_aproval: true}", 'did you mean "self_approval"?'),
        ("defaults: {self_approval: 1}", "true or false is wanted"),
        ("defaults: {expires_after: 1 day}", "a length of time such as"),
        ("defaults: {remind: [30h]}", "a reminder after the end"),
        ("defaults: {remind: [1h, 60m]}", '"60m" a second time'),
        (f"defaults: {{remind: [{', '.join(f'{n}m' for n in range(1, 12))}]}}", "at most 10"),
        ("defaults: {channel: '#images'}", "the channel's id, not its name"),
        ("defaults: {time_zone: Mars/Olympus}", "an IANA name"),
        ("defaults: {time_zone: ../../etc/passwd}", "such as Europe/Berlin"),
        ("limits: {max_pairs: 0}", "a whole number from 1 to"),
        ("limits: {max_pairs: 1e3}", "a whole number from 1 to"),
        ("limits: 5", "a mapping of key: value is wanted"),
        ("tests: {}", "a list is wanted"),
        ("tests: [{name: t}]", '"request" is missing'),
        (
            "tests: [{name: t, request: {}, expect: {outcome: ok}}]",
            "allowed: allow, deny, hold, needs_approvals",
        ),
        (
            "tests: [{name: t, request: {by: {}, image: {}, project: x}, expect: {outcome: deny}}]",
            "allowed: acme-lab",
        ),
        ("tests: [{name: t, request: {at: noon}, expect: {outcome: deny}}]", "a moment with its zone"),
        (
            "tests: [{name: t, request: {at: '0001-01-01T00:00:00Z'}, expect: {outcome: deny}}]",
            "a moment with",
        ),
        ("tests: [{name: t, request: {by: {groups: [x]}}, expect: {outcome: deny}}]", "allowed: contractors"),
        (
            "tests: [{name: t, request: {image: {kind: x}}, expect: {outcome: deny}}]",
            "allowed: data, full-ecs, system",
        ),
    ],
)
def test_other_sections_are_as_strict(more: str, words: str) -> None:
    """Nothing in the file is ignored."""
    assert words in said(FRAME + OPEN + more + "\n")


def test_two_rules_of_one_id_are_refused() -> None:
    """The id stands in refusals and in the audit log; it must name one rule."""
    text = FRAME + OPEN + "  - {id: open, effect: forbid, when: {}}\n"

    assert 'p.yml:15:10: rule id: "open" a second time (the first is in line 14)' in said(text)


def test_two_tests_of_one_name_are_refused() -> None:
    """A failing test is known by its name."""
    one = "  - {name: t, request: {by: {}, image: {}, project: shop-dev}, expect: {outcome: allow}}\n"

    assert '"t" a second time' in said(FRAME + OPEN + "tests:\n" + one + one)
