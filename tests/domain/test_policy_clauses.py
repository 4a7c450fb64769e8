"""Every comparison with its three answers and its words, lengths of time, and how each fact is read."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bot.domain.model import ImageKind
from bot.domain.policy import FACTS, OPERATORS_OF, Clause, FactType, Operator, read_span, span_in_words
from bot.domain.policy.clauses import UnknownFactError, all_hold, value_in_words
from bot.domain.policy.facts import ABSENT, Ask, Reading, Words, fact_named
from tests.domain.policy_builders import IMAGE, NOON, actor, ask, policy

MADE = policy("id: a, effect: permit, when: {}, require: none")


def asked(**more: Any) -> Ask:
    return ask(MADE, **more)


def reading(**more: Any) -> Reading:
    return Reading(asked(**more), UTC)


def image(**more: Any) -> Any:
    return replace(IMAGE, **more)


COMPARED = [
    ("image.name", "eq", "base-ubuntu", True), ("image.name", "eq", "other", False), ("image.name", "ne", "other", True),
    ("image.name", "ne", "base-ubuntu", False), ("image.name", "in", ("a", "base-ubuntu"), True),
    ("image.name", "in", ("a",), False), ("image.name", "not_in", ("a",), True),
    ("image.name", "not_in", ("base-ubuntu",), False), ("image.name", "glob", "base-*", True),
    ("image.name", "glob", "*-base", False), ("image.name", "regex", "^base", True), ("image.name", "regex", "^ubuntu", False),
    ("image.size_gb", "lt", 40, False), ("image.size_gb", "lt", 41, True), ("image.size_gb", "le", 40, True),
    ("image.size_gb", "le", 39, False), ("image.size_gb", "gt", 40, False), ("image.size_gb", "gt", 39, True),
    ("image.size_gb", "ge", 40, True), ("image.size_gb", "ge", 41, False), ("image.tags", "any", ("x", "hardened"), True),
    ("image.tags", "any", ("x",), False), ("image.tags", "all", ("hardened",), True), ("image.tags", "all", ("hardened", "x"), False),
    ("image.tags", "none", ("x",), True), ("image.tags", "none", ("x", "hardened"), False), ("image.tags", "exists", True, True),
    ("image.tags", "exists", False, False), ("image.name", "exists", True, True), ("image.name", "exists", False, False),
    ("project.labels.tier", "eq", "gold", True), ("project.labels.none", "eq", "gold", False),
    ("project.labels.none", "ne", "gold", True), ("project.labels.none", "not_in", ("gold",), True),
    ("project.labels.none", "in", ("gold",), False), ("project.labels.none", "exists", False, True),
    ("project.labels.none", "exists", True, False), ("request.duration_days", "exists", True, False),
    ("request.duration_days", "exists", False, True), ("request.duration_days", "gt", 99999, True),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "operator", "wanted", "holds"), COMPARED)
def test_a_comparison_with_a_known_value_is_true_or_false(
    fact: str, operator: str, wanted: Any, holds: bool
) -> None:
    """At the very value and one beside it."""
    assert Clause(fact=fact, operator=Operator(operator), wanted=wanted).holds(reading()) is holds


@pytest.mark.parametrize("operator", list(Operator))
def test_a_comparison_with_an_unknown_value_is_unknown(operator: Operator) -> None:
    """Also its opposite: nothing is decided by what nobody could read."""
    fact = "image.size_gb" if operator in OPERATORS_OF[FactType.NUMBER] else "image.os"
    unread = reading(image=image(size_gb=None, os=None))
    if operator in OPERATORS_OF[FactType.WORDS] and operator is not Operator.EXISTS:
        fact, unread = "requester.groups", reading(by=actor(unknown=("leads",)))
    wanted: Any = 1 if fact == "image.size_gb" else ("leads",)
    if operator is Operator.EXISTS:
        wanted = True
    if operator in (Operator.GLOB, Operator.REGEX):
        wanted = "x"

    assert Clause(fact=fact, operator=operator, wanted=wanted).holds(unread) is None


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("any", ("leads", "owners"), True), ("any", ("security",), None), ("any", ("owners",), False),
        ("all", ("leads",), True), ("all", ("leads", "security"), None), ("all", ("leads", "owners"), False),
        ("none", ("owners",), True), ("none", ("security",), None), ("none", ("leads", "security"), False),
        ("exists", True, True), ("exists", False, False),
    ],
)  # fmt: skip
def test_groups_of_which_some_are_unread_are_judged_by_those_that_are_known(
    operator: str, wanted: Any, holds: bool | None
) -> None:
    """In leads for sure, in security perhaps."""
    partly = reading(by=actor("leads", unknown=("security",)))

    assert Clause(fact="requester.groups", operator=Operator(operator), wanted=wanted).holds(partly) is holds


def test_nobody_knows_whether_there_is_a_group_when_the_only_one_is_unread() -> None:
    """And there surely is none when nothing is unread."""
    exists = Clause(fact="requester.groups", operator=Operator.EXISTS, wanted=True)

    assert exists.holds(reading(by=actor(unknown=("security",)))) is None
    assert exists.holds(reading(by=actor())) is False


WISHES = {
    "eq": "to be x", "ne": "not to be x", "in": "to be x or y", "not_in": "not to be x or y", "any": "to include x or y",
    "all": "to include x and y", "none": "not to include x or y", "glob": "to look like x", "regex": "to match x",
    "lt": "to be below 5", "le": "to be at most 5", "gt": "to be above 5", "ge": "to be at least 5",
}  # fmt: skip


@pytest.mark.parametrize(("operator", "words"), WISHES.items())
def test_a_wish_is_said_in_words(operator: str, words: str) -> None:
    """They follow the fact's name."""
    of = {"x or y": ("x", "y"), "x and y": ("x", "y"), "5": 5}
    wanted: Any = next((value for end, value in of.items() if words.endswith(end)), "x")
    fact = (
        "image.tags"
        if operator in ("any", "all", "none")
        else "image.size_gb"
        if wanted == 5
        else "image.name"
    )

    assert Clause(fact=fact, operator=Operator(operator), wanted=wanted).wish() == words


@pytest.mark.parametrize(
    ("fact", "operator", "wanted", "more", "found"),
    [
        ("image.name", "eq", "x", {}, "it is base-ubuntu"),
        ("image.os", "eq", "x", {"image": image(os=None)}, "it could not be read"),
        ("project.labels.none", "eq", "x", {}, "there is none"),
        ("image.name", "regex", "x", {"image": image(name="b" * 5000)}, "it is too long to be compared"),
        ("image.tags", "any", ("x",), {}, "it has none of them"),
        ("image.tags", "none", ("hardened", "x"), {}, "it has hardened"),
        ("image.tags", "all", ("hardened", "x"), {}, "it has hardened only"),
        ("image.tags", "exists", False, {"image": image(tags=frozenset({"b", "a"}))}, "it has a and b"),
        ("requester.groups", "any", ("leads",), {}, "you are in none of them"),
        ("requester.groups", "none", ("leads", "owners"), {"by": actor("owners", "leads")}, "you are in leads and owners"),
        (
            "requester.groups", "any", ("leads", "owners"), {"by": actor(unknown=("owners", "leads", "trio"))},
            "whether you are in leads or owners could not be read",
        ),
        ("requester.groups", "exists", True, {"by": actor(unknown=("trio",))}, "whether you are in trio could not be read"),
    ],
)  # fmt: skip
def test_what_is_the_case_instead_is_said_in_words(
    fact: str, operator: str, wanted: Any, more: dict[str, Any], found: str
) -> None:
    """The value that failed, or why there is none."""
    assert Clause(fact=fact, operator=Operator(operator), wanted=wanted).found(reading(**more)) == found
    exists = (
        Clause(fact=fact, operator=Operator.EXISTS, wanted=True),
        Clause(fact=fact, operator=Operator.EXISTS, wanted=False),
    )
    assert [one.wish() for one in exists] == ["to be given", "not to be given"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "unknown"), (ABSENT, "absent"), (True, "true"), (False, "false"), (math.inf, "for ever"), (40.0, "40"),
        (0.25, "0.25"), (7, "7"), ("x" * 80, "x" * 80), ("x" * 81, "x" * 77 + "..."), ((), ""), (("a",), "a"), (("a", "b"), "a or b"),
        (("a", "b", "c"), "a, b or c"), (tuple("abcdefgh"), "a, b, c, d, e, f, g or h"),
        (tuple("abcdefghi"), "a, b, c, d, e, f, g, h or ..."), (Words(frozenset()), "none"), (Words(frozenset("ba")), "a, b"),
        (Words(frozenset("a"), frozenset("cb")), "a (unknown: b, c)"), (Words(frozenset(), frozenset("b")), "none (unknown: b)"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_a_person_would(value: Any, words: str) -> None:
    """And never longer than a line."""
    assert value_in_words(value) == words


def test_conditions_hold_together_or_not_at_all() -> None:
    """One that is false decides, whatever is unknown before or after it."""
    yes = Clause(fact="image.name", operator=Operator.EXISTS, wanted=True)
    no = Clause(fact="image.name", operator=Operator.EXISTS, wanted=False)
    unknown = Clause(fact="image.os", operator=Operator.EXISTS, wanted=True)
    unread = reading(image=image(os=None))

    answers = [
        all_hold(clauses, unread)
        for clauses in ((), (yes, yes), (unknown, yes), (unknown, no), (no, unknown))
    ]

    assert answers == [True, True, None, False, False]


def test_a_comparison_that_cannot_be_made_is_refused_by_name() -> None:
    """No such fact, or no such operator for its type."""
    for fact, operator in (
        ("image.colour", Operator.EQ),
        ("image.windows", Operator.GLOB),
        ("project.labels.", Operator.EQ),
    ):
        with pytest.raises(UnknownFactError, match=f"{fact} {operator}"):
            Clause(fact=fact, operator=operator, wanted="x")


# -- facts ---------------------------------------------------------------------------------------------------------

READ: dict[str, Any] = {
    "requester.groups": Words(frozenset({"engineers"})), "requester.id": "U0REQUESTER", "requester.is_guest": False,
    "image.id": IMAGE.id, "image.name": "base-ubuntu", "image.kind": "system", "image.encrypted": False, "image.windows": False,
    "image.os": "Ubuntu 24.04 server 64bit", "image.size_gb": 40.0, "image.tags": Words(frozenset({"hardened"})),
    "image.owner": IMAGE.owner, "image.owned": True, "image.age_days": 10.0, "image.shared_count": 0,
    "project.id": "9c61004714024f9586705d090530f9fa", "project.name": "shop-dev", "project.env": "dev", "project.tenant": "self",
    "request.pairs": 6, "request.images": 3, "request.projects": 2, "request.duration_days": 1.5, "request.reason": "CHG-1",
    "request.channel": "C1", "request.hour": 12, "request.weekday": "wed",
}  # fmt: skip
BARE: dict[str, Any] = {
    "request.duration_days": math.inf, "request.reason": ABSENT, "request.channel": ABSENT, "request.pairs": 1,
    "request.images": 1, "request.projects": 1, "project.tenant": "acme", "project.env": ABSENT,
}  # fmt: skip


def test_each_fact_is_read_of_its_own_field() -> None:
    """The list is the policy's language: none may vanish, and none may read another's field."""
    full = reading(pairs=6, images=3, projects=2, duration=timedelta(hours=36), reason="CHG-1", channel="C1")

    assert {name: full.value(fact) for name, fact in FACTS.items()} == READ


def test_what_people_left_out_is_absent_and_what_the_cloud_left_out_is_unknown() -> None:
    """The first is a value to be compared with, the second is none."""
    bare = reading(project="acme-lab")
    unread = reading(
        image=replace(
            IMAGE, name="", kind=None, os="", owner="", size_gb=math.nan, created_at=None, shared_with=None
        )
    )

    assert {name: bare.value(FACTS[name]) for name in BARE} == BARE
    names = ("name", "kind", "os", "owner", "size_gb", "age_days", "shared_count")
    assert [unread.value(FACTS[f"image.{name}"]) for name in names] == [None] * 7


def test_times_are_read_in_the_zone_of_the_policy_and_unknown_without_a_zone_of_their_own() -> None:
    """Noon in London is evening in Tokyo."""
    tokyo = timezone(timedelta(hours=13))
    late, naive = Reading(asked(), tokyo), reading(at=NOON.replace(tzinfo=None))
    far = Reading(asked(at=datetime.max.replace(tzinfo=UTC)), tokyo)
    young = reading(image=image(created_at=NOON + timedelta(days=1)))

    assert [late.value(FACTS[f"request.{name}"]) for name in ("hour", "weekday")] == [1, "thu"]
    for unknown in (naive, far, reading(at=None)):
        assert [unknown.value(FACTS[f"request.{name}"]) for name in ("hour", "weekday")] == [None, None]
    assert naive.value(FACTS["image.age_days"]) is None
    assert reading(image=image(created_at=datetime(2026, 1, 1))).value(FACTS["image.age_days"]) is None  # noqa: DTZ001
    assert young.value(FACTS["image.age_days"]) == 0.0


def test_a_group_that_is_known_is_not_unknown_as_well() -> None:
    """Two sources may say both."""
    both = reading(by=actor("leads", unknown=("leads", "trio")))

    assert both.value(FACTS["requester.groups"]) == Words(frozenset({"leads"}), frozenset({"trio"}))


def test_labels_of_the_register_are_facts_of_their_own() -> None:
    """Any name after the prefix; the prefix alone is none."""
    tier = fact_named("project.labels.tier")
    assert tier is not None
    assert (tier.name, tier.type, reading().value(tier)) == ("project.labels.tier", FactType.TEXT, "gold")
    assert (fact_named("project.labels."), fact_named("tier")) == (None, None)
    assert fact_named("image.id") is FACTS["image.id"]


def test_a_fact_is_read_once_and_knows_its_choices() -> None:
    """A reading stands for one moment."""
    assert FACTS["image.kind"].choices == tuple(kind.value for kind in ImageKind)
    assert FACTS["request.weekday"].choices == ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    assert FACTS["image.id"].choices == ()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("1m", 60), ("1h", 3600), ("1d", 86400), ("1w", 604800), (" 1D12h ", 129600), ("1w1d1h1m1s", 694861),
        ("3650d", 315360000), ("3650d1s", None), ("0s", None), ("1d1d", None), ("", None), ("d", None), ("1", None), ("1y", None),
        ("1d 2h", None), ("1234567s", None), ("999999s", 999999),
    ],
)  # fmt: skip
def test_a_length_of_time_in_the_file_is_one_of_these_or_none(text: str, seconds: int | None) -> None:
    """Zero, too long, or the same unit twice is a slip of the pen."""
    assert read_span(text) == (None if seconds is None else timedelta(seconds=seconds))


def test_a_length_of_time_is_written_in_days_and_below() -> None:
    """And read again it is the same."""
    assert [span_in_words(timedelta(seconds=n)) for n in (-5, 0, 1, 60, 3661, 694861)] == [
        "0s", "0s", "1s", "1m", "1h1m1s", "8d1h1m1s",
    ]  # fmt: skip
