"""The JSON Schema says what the reader does, as far as a schema can."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.domain.policy import FACTS, OPERATORS_OF, Operator
from bot.domain.policy_file import grammar, load
from bot.domain.policy_file.schema import schema
from tests.domain.policy_builders import FRAME, problems

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/policy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
RULE = "rules:\n  - {id: a, effect: permit, when: {}, require: none}\n"


class _Loader(yaml.SafeLoader):
    """As editors read YAML: a time is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if not tag.endswith("timestamp")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def value(text: str) -> Any:
    return yaml.load(text, _Loader)


def errors(document: Any) -> list[str]:
    found = jsonschema.Draft202012Validator(schema()).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in found]


def test_it_is_a_schema_of_the_draft_it_names() -> None:
    """An editor refuses another."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"].endswith("2020-12/schema")
    json.dumps(schema())


def test_the_example_file_fits() -> None:
    """The first file anybody opens in an editor."""
    assert errors(value((ROOT / "policy.example.yml").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_example_of_the_page_fits(number: int) -> None:
    """Fragments are completed by the groups and projects of the first."""
    assert errors(value(BLOCKS[0]) | value(BLOCKS[number])) == []


def a_rule(rest: str) -> str:
    return f"{FRAME}rules:\n  - {{{rest}}}\n"


def when(condition: str) -> str:
    return a_rule(f"id: a, effect: forbid, when: {{{condition}}}")


def require(requirement: str, effect: str = "permit") -> str:
    return a_rule(f"id: a, effect: {effect}, when: {{}}, require: {requirement}")


BROKEN = [
    "[]\n",
    FRAME,
    FRAME.replace("version: 1", "version: 2") + RULE,
    FRAME + RULE + "more: 1\n",
    FRAME.replace("S0LEADS", "leads") + RULE,
    FRAME.replace("{slack_usergroup: S0LEADS}", "{}") + RULE,
    FRAME.replace("[U0ALICE, U0BOB]}", "[]}") + RULE,
    FRAME.replace("[U0ALICE, U0BOB]}", "[U0BOB, U0BOB]}") + RULE,
    FRAME.replace("[U0ALICE, U0BOB]}", "[alice]}") + RULE,
    FRAME.replace("  leads:", "  le ads:") + RULE,
    FRAME.replace("9c61004714024f9586705d090530f9fa", "9C61") + RULE,
    FRAME.replace("name: shop-prod", "name: 'shop, prod'") + RULE,
    FRAME.replace("env: prod", "env: ~") + RULE,
    FRAME.replace("tenant: acme", "tennant: acme") + RULE,
    FRAME.replace("{tier: gold}", "[gold]") + RULE,
    FRAME + RULE + "defaults: {self_approval: 1}\n",
    FRAME + RULE + "defaults: {expires_after: 1 day}\n",
    FRAME + RULE + "defaults: {channel: '#images'}\n",
    FRAME + RULE + f"defaults: {{remind: [{', '.join(f'{n}m' for n in range(1, 12))}]}}\n",
    FRAME + RULE + "limits: {max_pairs: 0}\n",
    FRAME + RULE + "limits: {max_duration: 30}\n",
    FRAME + RULE + "limits: 5\n",
    FRAME + RULE + "break_glass: {by: [engineers]}\n",
    FRAME + RULE + "break_glass: {by: [], review: {count: 1, from: [leads]}}\n",
    FRAME + RULE + "break_glass: {by: [engineers], review: none}\n",
    FRAME
    + RULE
    + "break_glass: {by: [engineers], review: {count: 1, from: [leads]}, reason: {min_length: 0}}\n",
    FRAME + RULE + "tests: {}\n",
    FRAME + RULE + "tests: [{name: t}]\n",
    FRAME
    + RULE
    + "tests: [{name: t, request: {by: {}, image: {}, project: shop-dev}, expect: {outcome: ok}}]\n",
    FRAME
    + RULE
    + "tests: [{name: t, request: {by: {}, image: {kind: x}, project: shop-dev}, expect: {outcome: deny}}]\n",
    FRAME + RULE + "tests: [{name: t, request: {by: {}, image: {}}, expect: {outcome: deny}}]\n",
    a_rule("id: a, efect: forbid, when: {}"),
    a_rule("id: a, effect: forbid"),
    a_rule("id: a, effect: permt, when: {}"),
    a_rule("id: a b, effect: forbid, when: {}"),
    a_rule("id: a, effect: forbid, action: delete, when: {}"),
    a_rule("id: a, effect: forbid, when: {}, mode: warm"),
    a_rule("id: a, effect: forbid, when: {}, require: none"),
    a_rule("id: a, effect: forbid, when: {}, escalate: {after: 1h, to: [leads]}"),
    a_rule("id: a, effect: permit, when: {}"),
    a_rule("id: a, effect: forbid, when: []"),
    a_rule("id: a, effect: forbid, when: {}, unless: [{}]"),
    a_rule("id: a, effect: forbid, when: {}, message: ''"),
    a_rule(f"id: a, effect: forbid, when: {{}}, message: {'x' * 301}"),
    a_rule("id: a, effect: permit, when: {}, require: none, share_for: soon"),
    a_rule("id: a, effect: permit, when: {}, require: none, share_for: {default: 2d}"),
    a_rule("id: a, effect: permit, when: {}, require: none, reason: {pattern: a}"),
    a_rule("id: a, effect: permit, when: {}, require: none, self_approval: 'yes'"),
    a_rule("id: a, effect: permit, when: {}, require: {count: 1, from: leads}, escalate: {after: 1h}"),
    a_rule("id: a, effect: permit, when: {}, require: {count: 1, from: leads}, escalate: []"),
    require("leads"),
    require("{count: 1}"),
    require("{count: 0, from: [leads]}"),
    require("{count: '2', from: [leads]}"),
    require("{count: 1, from: []}"),
    require("{all_of: [{count: 1, from: [leads]}]}"),
    require("{all_of: [none, {count: 1, from: [leads]}]}"),
    require("none", "require"),
    when("image.encrypte: true"),
    when("image.encrypted: 'true'"),
    when("image.encrypted: [true]"),
    when("image.encrypted: {glob: x}"),
    when("image.size_gb: big"),
    when("image.size_gb: {regex: x}"),
    when("image.kind: full-esc"),
    when("image.name: {}"),
    when("image.name: []"),
    when("image.name: [a, a]"),
    when("image.name: {in: a}"),
    when("image.name: {glob: [a]}"),
    when("image.name: {exists: 1}"),
    when("image.id: ABC"),
    when("requester.groups: {eq: engineers}"),
    when("request.weekday: monday"),
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_the_reader_refuses_for_its_structure_the_schema_refuses_too(text: str) -> None:
    """Else the editor shows a good file that the bot does not load."""
    assert problems(text)
    assert errors(value(text))


def test_a_file_it_accepts_may_still_be_refused() -> None:
    """What needs a look across the file is the reader's alone; the page says so."""
    text = require("{count: 1, from: [nobody-here]}")

    assert errors(value(text)) == []
    assert problems(text)


def test_every_fact_and_every_operator_of_its_type_is_offered() -> None:
    """Generated from the tables the reader uses: nothing is forgotten."""
    offered = schema()["$defs"]["conditions"]["properties"]

    assert set(offered) == set(FACTS)
    for name, fact in FACTS.items():
        assert offered[name]["description"] == fact.about
        assert set(offered[name]["anyOf"][-1]["properties"]) == {str(op) for op in OPERATORS_OF[fact.type]}
    assert {str(op) for fact in FACTS.values() for op in OPERATORS_OF[fact.type]} == {
        str(op) for op in Operator
    }


def test_every_key_has_words_an_editor_can_show() -> None:
    """Completion without a word is a riddle."""
    made = schema()

    assert set(made["properties"]) == set(grammar.POLICY)
    assert set(made["properties"]["rules"]["items"]["properties"]) == set(grammar.RULE)
    assert all(part["description"] for part in made["properties"]["rules"]["items"]["properties"].values())


def test_a_file_with_every_key_loads_and_fits() -> None:
    """The other way round: what the tables offer is really read."""
    text = f"""{FRAME}defaults: {{self_approval: true, expires_after: 1d12h, remind: 1h, channel: C0IMAGES, time_zone: UTC}}
limits: {{max_pairs: 9, max_open_per_requester: 9, max_images: 9, max_projects: 9, max_duration: 9d}}
break_glass: {{by: leads, review: {{count: 1, from: leads}}, reason: {{min_length: 5}}, max_pairs: 1, review_within: 1h}}
rules:
  - id: a
    effect: permit
    action: any
    mode: enforce
    when: {{requester.groups: engineers, image.size_gb: {{ge: 1, lt: 9.5}}, project.labels.tier: [gold, 7], image.tags: {{none: x}}}}
    unless: [{{image.windows: true}}, {{request.weekday: {{not_in: [mon]}}}}]
    require: {{any_of: [{{count: 1, from: leads}}, {{all_of: [{{count: 1, from: owners}}, {{count: 1, from: [leads]}}]}}]}}
    message: Said.
    reason: {{pattern: ^CHG, hint: say CHG}}
    share_for: {{max: 9d, default: 1d}}
    self_approval: true
    notify: security
    escalate: [{{after: 1h, to: trio}}]
tests:
  - name: t
    request: {{by: {{groups: [], unknown_groups: leads, guest: unknown, id: U0X}}, image: {{kind: unknown, tags: [x], active: true}},
      project: shop-dev, action: unshare, duration: 1d, reason: x, pairs: 2, images: 2, projects: 1, channel: C1,
      at: 2025-01-01T12:00:00Z}}
    expect: {{outcome: deny}}
"""
    assert load(text).rules
    assert errors(value(text)) == []
