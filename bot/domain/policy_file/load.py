"""The way from the text of a policy file to a Policy that keeps its own promises."""

from __future__ import annotations

import hashlib

from bot.domain.errors import PolicyError
from bot.domain.policy import Policy
from bot.domain.policy_file.examples import failure, read_examples
from bot.domain.policy_file.reader import Reader, described, quote
from bot.domain.policy_file.register import read_defaults, read_limits, read_register
from bot.domain.policy_file.rules import read_rules
from bot.domain.policy_file.tree import Findings, read_tree

VERSION = 1
SECTIONS = ("version", "groups", "projects", "defaults", "limits", "rules", "tests")


def load(text: str, name: str = "policy.yml") -> Policy:
    """The policy the text describes. `name` is only used for the places of problems.

    Raises PolicyError with every problem found, in the order of the file, each with file:line:column. The
    tests of the file run once the rest is without a problem; each one that fails is a problem too.
    """
    findings = Findings(name)
    reader = Reader(findings)
    tree = read_tree(text, findings)
    root = reader.entries(tree, "policy", SECTIONS, ("version", "groups", "projects", "rules"))
    if root is None:
        raise PolicyError(findings.problems())
    version = root.get("version")
    if version is not None and getattr(version, "value", None) != str(VERSION):
        findings.add(version, f"version: {described(version)}", f"this bot reads version: {VERSION}")
    register = read_register(reader, root)
    defaults = read_defaults(reader, root.get("defaults"))
    limits = read_limits(reader, root.get("limits"))
    rules = read_rules(reader, register, defaults, root.get("rules"))
    examples = read_examples(reader, register, root.get("tests"))
    findings.raise_if_any()
    policy = Policy(
        version=VERSION,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        groups=register.groups,
        projects=register.projects,
        defaults=defaults,
        limits=limits,
        rules=rules,
        places=register.places,
    )
    for example in examples:
        if (words := failure(policy, example)) is not None:
            findings.add(example.node, f"test {quote(example.name)}: {words}")
    findings.raise_if_any()
    return policy
