"""The `require` of a rule, and what a test expects of it: {count, from}, {all_of}, {any_of}, or none."""

from __future__ import annotations

import yaml

from bot.domain.model import NO_REQUIREMENT, AllOf, AnyOf, GroupName, Need, Requirement
from bot.domain.policy import in_words, merge
from bot.domain.policy_file.grammar import MANY, MAX_COUNT, MAX_ITEMS, NEED
from bot.domain.policy_file.reader import Entries, Reader
from bot.domain.policy_file.register import Register

MAX_DEPTH = 3
_FORMS = "none, {count: 1, from: [group]}, {all_of: [...]} or {any_of: [...]}"


def read_requirement(
    reader: Reader, register: Register, node: yaml.Node | None, what: str
) -> Requirement | None:
    """The requirement, as written. A finding when the people listed can never meet it."""
    if node is None:
        return None
    if isinstance(node, yaml.ScalarNode) and node.value == "none":
        return NO_REQUIREMENT
    before = len(reader.findings.problems())
    requirement = _item(reader, register, node, what, 1)
    clean = len(reader.findings.problems()) == before
    if clean and requirement is not None and not register.voters.could_meet(requirement):
        reader.findings.add(
            node,
            f"{what}: the people listed in these groups are too few to ever meet it",
            "a person fills one slot",
        )
    return requirement


def read_groups(
    reader: Reader, register: Register, node: yaml.Node | None, what: str
) -> frozenset[GroupName]:
    """Names of groups of the file."""
    names = reader.each(node, what, lambda item, label: reader.choice(item, label, register.groups), one=True)
    if isinstance(node, yaml.SequenceNode) and not node.value:
        reader.findings.add(node, f"{what}: an empty list", "name at least one group")
    return frozenset(GroupName(name) for name, _ in names)


def _item(reader: Reader, register: Register, node: yaml.Node, what: str, depth: int) -> Requirement | None:
    if not isinstance(node, yaml.MappingNode):
        reader.findings.add(node, f"{what}: this is no requirement", f"wanted: {_FORMS}")
        return None
    entries = reader.entries(node, what, {**NEED, **MANY})
    keys = set(entries.values) if entries else set()
    if keys == set(NEED):
        return _need(reader, register, entries, what) if entries else None
    if entries is None or keys not in ({"all_of"}, {"any_of"}):
        reader.findings.add(node, f"{what}: this is no requirement", f"wanted: {_FORMS}")
        return None
    if depth > MAX_DEPTH:
        reader.findings.add(node, f"{what}: nested more than {MAX_DEPTH} deep")
        return None
    return _many(reader, register, entries, what, depth)


def _many(reader: Reader, register: Register, entries: Entries, what: str, depth: int) -> Requirement | None:
    [(key, node)] = entries.values.items()
    nodes = reader.items(node, f"{what}: {key}")
    if not 2 <= len(nodes) <= MAX_ITEMS:
        reader.findings.add(node, f"{what}: {key} of {len(nodes)}", f"2 to {MAX_ITEMS} are wanted")
    read = [_item(reader, register, item, f"{what}: {key}", depth + 1) for item in nodes[:MAX_ITEMS]]
    items = tuple(item for item in read if item is not None)
    for number, item in enumerate(items):
        if any(_alike(item, earlier) for earlier in items[:number]) and len(items) == len(nodes):
            reader.findings.add(
                nodes[number], f"{what}: {key}: the same groups twice", "say it once, with a larger count"
            )
    if not items:
        return None
    return AllOf(items=items) if key == "all_of" else AnyOf(items=items)


def _alike(one: Requirement, other: Requirement) -> bool:
    if isinstance(one, Need) and isinstance(other, Need):
        return one.groups == other.groups
    return merge(one) == merge(other)


def _need(reader: Reader, register: Register, entries: Entries, what: str) -> Requirement | None:
    count = reader.whole(entries.get("count"), f"{what}: count", 1, MAX_COUNT)
    groups = read_groups(reader, register, entries.get("from"), f"{what}: from")
    if count is None or not groups:
        return None
    need = Need(count=count, groups=groups)
    if not register.voters.could_meet(need):
        listed = len(register.voters.listed(groups))
        reader.findings.add(
            entries.node,
            f"{what}: nobody can ever approve this: {in_words(need)} wanted, and {listed} listed",
            "list more people or lower the count",
        )
    return need
