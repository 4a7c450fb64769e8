"""The conditions of a rule, `when` and `unless`: fact, operator, value, each checked for its type and for
names that exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import yaml

from bot.domain.policy import FACTS, OPERATORS_OF, Clause, Fact, FactType, Operator
from bot.domain.policy.clauses import Wanted
from bot.domain.policy.facts import LABEL, fact_named
from bot.domain.policy.patterns import glob_problem, pattern_problem
from bot.domain.policy_file.grammar import IMAGE_ID
from bot.domain.policy_file.reader import Reader, choose, described, quote
from bot.domain.policy_file.register import Register

T = TypeVar("T", str, float)
LISTS = frozenset({Operator.IN, Operator.NOT_IN, Operator.ANY, Operator.ALL, Operator.NONE})
OF_SETS = frozenset({Operator.ANY, Operator.ALL, Operator.NONE})
_IDS = frozenset({"image.id", "image.owner", "project.id"})


def read_conditions(
    reader: Reader, register: Register, node: yaml.Node | None, what: str
) -> tuple[Clause, ...]:
    """The clauses of one `when`, or of one exception of an `unless`. All of them must hold."""
    entries = reader.entries(node, what)
    if entries is None:
        return ()
    clauses = _ClauseReader(reader, register, what)
    return tuple(
        clause for name, value in entries.values.items() for clause in clauses.of(entries.keys[name], value)
    )


class _ClauseReader:
    """Reads what stands under one fact."""

    def __init__(self, reader: Reader, register: Register, what: str) -> None:
        self._reader, self._register, self._what = reader, register, what

    def of(self, key: yaml.Node, node: yaml.Node) -> list[Clause]:
        """A plain value is short for eq, a list for in; for a set both are short for any."""
        fact = self._fact(key)
        if fact is None:
            return []
        if not isinstance(node, yaml.MappingNode):
            many = isinstance(node, yaml.SequenceNode)
            operator = Operator.ANY if fact.type is FactType.WORDS else Operator.IN if many else Operator.EQ
            return self._clause(fact, operator, node)
        what = f"{self._what}: {fact.name} ({fact.type})"
        entries = self._reader.entries(node, what, OPERATORS_OF[fact.type])
        if not node.value:
            self._reader.findings.add(node, f"{what}: no comparison", choose("", OPERATORS_OF[fact.type]))
        found = entries.values.items() if entries else ()
        return [clause for word, value in found for clause in self._clause(fact, Operator(word), value)]

    def _fact(self, key: yaml.Node) -> Fact | None:
        name = str(key.value)
        if name == "<<":
            self._reader.findings.add(key, f"{self._what}: a merge key", "write the conditions out")
            return None
        known = {*FACTS, *(LABEL + label for label in self._register.labels)}
        if name not in known:
            what = f"{self._what}: unknown fact {quote(name)}"
            self._reader.findings.add(key, what, choose(name, known))
            return None
        return fact_named(name)

    def _clause(self, fact: Fact, operator: Operator, node: yaml.Node) -> list[Clause]:
        if operator not in OPERATORS_OF[fact.type]:
            allowed = ", ".join(OPERATORS_OF[fact.type])
            what = f"{self._what}: {fact.name}: a list"
            self._reader.findings.add(node, what, f"{fact.type} can be compared by {allowed}")
            return []
        wanted = self._wanted(fact, operator, node)
        return [] if wanted is None else [Clause(fact=fact.name, operator=operator, wanted=wanted)]

    def _wanted(self, fact: Fact, operator: Operator, node: yaml.Node) -> Wanted | None:
        what = f"{self._what}: {fact.name} {operator}"
        if operator is Operator.EXISTS or fact.type is FactType.FLAG:
            return self._reader.flag(node, what)
        if operator in (Operator.GLOB, Operator.REGEX):
            return self._pattern(operator, node, what)
        if fact.type is FactType.NUMBER:
            return self._one_or_more(self._reader.number, operator, node, what)
        return self._one_or_more(self._word_reader(fact), operator, node, what)

    def _one_or_more(
        self, read: Callable[[yaml.Node, str], T | None], operator: Operator, node: yaml.Node, what: str
    ) -> T | tuple[T, ...] | None:
        if operator not in LISTS:
            return read(node, what)
        found = self._reader.each(node, what, read, one=operator in OF_SETS)
        if isinstance(node, yaml.SequenceNode) and not node.value:
            self._reader.findings.add(node, f"{what}: an empty list", "name at least one")
        return tuple(value for value, _ in found) or None

    def _pattern(self, operator: Operator, node: yaml.Node, what: str) -> str | None:
        pattern = self._reader.text(node, what)
        if pattern is None:
            return None
        problem = glob_problem(pattern) if operator is Operator.GLOB else pattern_problem(pattern)
        if problem is not None:
            self._reader.findings.add(node, f"{what}: {problem}", "a glob such as base-* is often enough")
            return None
        return pattern

    def _word_reader(self, fact: Fact) -> Callable[[yaml.Node, str], str | None]:
        """Reads one word for this fact. Where all words are known, others are findings: a typo must not open
        anything."""
        known = fact.choices or _registered(self._register, fact)

        def read(node: yaml.Node, what: str) -> str | None:
            if known is not None:
                return self._reader.choice(node, what, known)
            value = self._reader.text(node, what)
            if value is not None and fact.name in _IDS and not re.fullmatch(IMAGE_ID, value):
                self._reader.findings.add(node, f"{what}: {described(node)}", "an id in lower case is wanted")
                return None
            return value

        return read


def _registered(register: Register, fact: Fact) -> tuple[str, ...] | None:
    match fact.name:
        case "requester.groups":
            return tuple(register.groups)
        case "project.name":
            return tuple(project.name for project in register.projects)
        case "project.id":
            return tuple(project.id for project in register.projects)
        case _:
            return None
