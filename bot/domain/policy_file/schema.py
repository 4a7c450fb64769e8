"""The JSON Schema (2020-12) of the policy file, made of the tables the reader uses: an editor that knows it completes
keys, facts and operators. It says what can be said without looking across the file; the reader is stricter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bot.domain.model import Action, ImageKind, Outcome
from bot.domain.policy import FACTS, OPERATORS_OF, Effect, Fact, FactType, Mode, Operator
from bot.domain.policy.facts import LABEL
from bot.domain.policy.patterns import MAX_PATTERN
from bot.domain.policy_file import grammar
from bot.domain.policy_file.asks import IMAGE_KEYS
from bot.domain.policy_file.conditions import LISTS, OF_SETS
from bot.domain.policy_file.grammar import Keys

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
"""As in the reader, `no` or 007 need no quotes."""
FLAG: Schema = {"type": "boolean"}
SPAN: Schema = {
    "type": "string",
    "pattern": r"^\s*([0-9]{1,6}[wdhmsWDHMS]){1,5}\s*$",
    "examples": ["30m", "24h", "30d", "1d12h"],
}
SENTENCE: Schema = {**TEXT, "maxLength": grammar.MAX_SENTENCE}
REGEX: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_PATTERN}
UNKNOWN: Schema = {"const": "unknown"}
_WORDS: Schema = {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True}


def schema() -> Schema:
    """The whole schema, as plain JSON values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "imagebot policy",
        **_mapping(
            grammar.POLICY,
            grammar.POLICY_REQUIRED,
            version={"const": grammar.VERSION},
            groups={"type": "object", "propertyNames": _form(grammar.NAME), "additionalProperties": _group()},
            projects={"type": "array", "items": _project()},
            defaults=_defaults(),
            limits=_limits(),
            break_glass=_break_glass(),
            rules={"type": "array", "items": _rule()},
            tests={"type": "array", "items": _test()},
        ),
        "$defs": {
            "conditions": _conditions(),
            "requirement": _requirement(),
            "names": _one_or_more(_form(grammar.NAME)),
        },
    }


def _mapping(keys: Keys, required: Collection[str] = (), **values: Schema) -> Schema:
    """A mapping of exactly these keys, each with its words."""
    assert set(values) == set(keys), sorted(set(values) ^ set(keys))
    properties = {key: {"description": about, **values[key]} for key, about in keys.items()}
    made: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | ({"required": sorted(required)} if required else {})


def _form(regex: str) -> Schema:
    return {"type": "string", "pattern": f"^({regex})$"}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}]}


def _one_of(words: Iterable[str]) -> Schema:
    return {"enum": [str(word) for word in words]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _group() -> Schema:
    users = {"type": "array", "items": _form(grammar.USER), "uniqueItems": True}
    group = _mapping(grammar.GROUP, slack_usergroup=_form(grammar.USERGROUP), slack_users=users)
    nobody = {"required": ["slack_users"], "properties": {"slack_users": {"minItems": 1}}}
    return {**group, "anyOf": [{"required": ["slack_usergroup"]}, nobody]}


def _project() -> Schema:
    labels = {"type": "object", "additionalProperties": TEXT}
    return _mapping(
        grammar.PROJECT,
        ("id", "name"),
        id=_form(grammar.PROJECT_ID),
        name=_form(grammar.NAME),
        env=TEXT,
        tenant=TEXT,
        labels=labels,
    )


def _defaults() -> Schema:
    remind = {
        "anyOf": [
            SPAN,
            {"type": "array", "items": SPAN, "maxItems": grammar.MAX_REMINDERS, "uniqueItems": True},
        ]
    }
    return _mapping(
        grammar.DEFAULTS,
        self_approval=FLAG,
        expires_after=SPAN,
        remind=remind,
        channel=_form(grammar.CHANNEL),
        time_zone=_form(grammar.TIME_ZONE),
    )


def _limits() -> Schema:
    pairs = _whole(1, grammar.MAX_PAIRS)
    return _mapping(
        grammar.LIMITS,
        max_pairs=pairs,
        max_open_per_requester=_whole(1, grammar.MAX_OPEN),
        max_images=pairs,
        max_projects=pairs,
        max_duration=SPAN,
    )


def _break_glass() -> Schema:
    return _mapping(
        grammar.BREAK_GLASS,
        ("by", "review"),
        by=_ref("names"),
        review={"allOf": [_ref("requirement"), {"type": "object"}]},
        reason=_mapping(grammar.BREAK_GLASS_REASON, min_length=_whole(1, grammar.MAX_REASON)),
        max_pairs=_whole(1, grammar.MAX_PAIRS),
        review_within=SPAN,
    )


def _rule() -> Schema:
    escalate = _mapping(grammar.ESCALATE, grammar.ESCALATE, after=SPAN, to=_ref("names"))
    steps = {"type": "array", "items": escalate, "minItems": 1, "maxItems": grammar.MAX_ESCALATIONS}
    exceptions = {"type": "array", "items": {**_ref("conditions"), "minProperties": 1}}
    rule = _mapping(
        grammar.RULE,
        grammar.RULE_REQUIRED,
        id=_form(grammar.NAME),
        effect=_one_of(Effect),
        action=_one_of((*Action, "any")),
        mode=_one_of(Mode),
        when=_ref("conditions"),
        unless={"anyOf": [{**_ref("conditions"), "minProperties": 1}, exceptions]},
        require=_ref("requirement"),
        message=SENTENCE,
        reason=_mapping(grammar.REASON, grammar.REASON, pattern=REGEX, hint=SENTENCE),
        share_for={"anyOf": [SPAN, _mapping(grammar.SHARE_FOR, ("max",), max=SPAN, default=SPAN)]},
        self_approval=FLAG,
        notify=_ref("names"),
        escalate={"anyOf": [escalate, steps]},
    )
    return {**rule, "allOf": [_of_effect(effect) for effect in Effect]}


def _of_effect(effect: Effect) -> Schema:
    """The keys a rule of this effect has not, and those it must have."""
    then: Schema = {
        "properties": {key: False for key, effects in grammar.ONLY_WITH.items() if effect not in effects}
    }
    if effect in grammar.ONLY_WITH["require"]:
        then["required"] = ["require"]
    if effect is Effect.REQUIRE:
        then["properties"]["require"] = {"type": "object"}
    return {"if": {"properties": {"effect": {"const": str(effect)}}, "required": ["effect"]}, "then": then}


def _requirement() -> Schema:
    need = _mapping(grammar.NEED, grammar.NEED, count=_whole(1, grammar.MAX_COUNT), **{"from": _ref("names")})
    inner = {"allOf": [_ref("requirement"), {"type": "object"}]}
    items = {"type": "array", "items": inner, "minItems": 2, "maxItems": grammar.MAX_ITEMS}
    many = [_mapping({key: about}, (key,), **{key: items}) for key, about in grammar.MANY.items()]
    return {"anyOf": [{"const": "none"}, need, *many]}


def _conditions() -> Schema:
    facts = {name: {"description": fact.about, **_comparisons(fact)} for name, fact in FACTS.items()}
    label = {"description": "a label of the register", **_comparisons(_LABEL)}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": facts,
        "patternProperties": {f"^{LABEL.replace('.', '[.]')}.+$": label},
    }


_LABEL = Fact(name=LABEL, type=FactType.TEXT, read=lambda ask, zone: None, about="")


def _comparisons(fact: Fact) -> Schema:
    """A value (eq), a list of them (in; any for sets), or operators with what each wants."""
    one = _value(fact)
    short = [one] + ([{**_WORDS, "items": one}] if fact.type is not FactType.FLAG else [])
    operators: Mapping[str, Schema] = {
        str(operator): _wanted(fact, operator) for operator in OPERATORS_OF[fact.type]
    }
    comparison = {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": operators,
    }
    return {"anyOf": [*short, comparison]}


def _value(fact: Fact) -> Schema:
    if fact.choices:
        return _one_of(fact.choices)
    if fact.name == "requester.groups":
        return _form(grammar.NAME)
    if fact.name in ("image.id", "image.owner", "project.id"):
        return _form(grammar.IMAGE_ID)
    return {FactType.FLAG: FLAG, FactType.NUMBER: {"type": "number"}}.get(fact.type, TEXT)


def _wanted(fact: Fact, operator: Operator) -> Schema:
    if operator is Operator.EXISTS:
        return FLAG
    if operator in (Operator.GLOB, Operator.REGEX):
        return REGEX
    one = _value(fact)
    listed = {**_WORDS, "items": one}
    if operator in OF_SETS:
        return {"anyOf": [one, listed]}
    return listed if operator in LISTS else one


def _test() -> Schema:
    count = _whole(1, grammar.MAX_PAIRS)
    groups = {"anyOf": [_ref("names"), {"type": "array", "maxItems": 0}]}
    request = _mapping(
        grammar.REQUEST,
        grammar.REQUEST_REQUIRED,
        by=_mapping(grammar.BY, groups=groups, unknown_groups=groups, guest=_or_unknown(FLAG), id=TEXT),
        image=_image(),
        project=_form(grammar.NAME),
        action=_one_of(Action),
        duration=SPAN,
        reason=TEXT,
        pairs=count,
        images=count,
        projects=count,
        channel=TEXT,
        at=TEXT,
    )
    expect = _mapping(
        grammar.EXPECT,
        ("outcome",),
        outcome=_one_of(Outcome),
        rule=TEXT,
        require={"anyOf": [_ref("requirement"), TEXT]},
        warns=TEXT,
    )
    return _mapping(grammar.TEST, grammar.TEST, name=TEXT, request=request, expect=expect)


def _or_unknown(value: Schema) -> Schema:
    return {"anyOf": [UNKNOWN, value]}


def _image() -> Schema:
    values: dict[str, Schema] = {
        "kind": _one_of(ImageKind),
        "size_gb": {"type": "number"},
        "tags": _one_or_more(TEXT),
    }
    values |= {"age_days": _whole(0, 36_500), "shared_count": _whole(0, 1_000)}
    texts = ("id", "name", "os", "owner")
    about = {
        key: FACTS[f"image.{key}"].about if f"image.{key}" in FACTS else f"whether it is {key}"
        for key in IMAGE_KEYS
    }
    return _mapping(
        about, **{key: _or_unknown(values.get(key, TEXT if key in texts else FLAG)) for key in IMAGE_KEYS}
    )
