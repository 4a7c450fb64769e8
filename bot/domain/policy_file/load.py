"""The way from the text of a policy file to a Policy that keeps its own promises."""

from __future__ import annotations

import hashlib

from bot.domain.errors import PolicyError
from bot.domain.policy import Policy
from bot.domain.policy_file import grammar
from bot.domain.policy_file.break_glass import read_break_glass
from bot.domain.policy_file.examples import Example, failure, read_examples
from bot.domain.policy_file.reader import Reader, described, quote
from bot.domain.policy_file.register import read_defaults, read_limits, read_register
from bot.domain.policy_file.rules import read_rules
from bot.domain.policy_file.tree import Findings, read_tree

SECTIONS = tuple(grammar.POLICY)


def load(text: str, name: str = "policy.yml") -> Policy:
    """The policy the text describes. `name` is only used for the places of problems.

    Raises PolicyError with every problem found, in the order of the file, each with file:line:column. The
    tests of the file run once the rest is without a problem; each one that fails is a problem too.
    """
    policy, examples = load_untested(text, name)
    findings = Findings(name)
    for example in examples:
        if (words := failure(policy, example)) is not None:
            findings.add(example.node, f"test {quote(example.name)}: {words}")
    findings.raise_if_any()
    return policy


def load_untested(text: str, name: str = "policy.yml") -> tuple[Policy, tuple[Example, ...]]:
    """The policy and its own tests, which did not run. Raises PolicyError as `load` does."""
    findings = Findings(name)
    reader = Reader(findings)
    tree = read_tree(text, findings)
    root = reader.entries(tree, "policy", SECTIONS, grammar.POLICY_REQUIRED)
    if root is None:
        raise PolicyError(findings.problems())
    version = root.get("version")
    if version is not None and getattr(version, "value", None) != str(grammar.VERSION):
        findings.add(version, f"version: {described(version)}", f"this bot reads version: {grammar.VERSION}")
    register = read_register(reader, root)
    defaults = read_defaults(reader, root.get("defaults"))
    limits = read_limits(reader, root.get("limits"))
    break_glass = read_break_glass(reader, register, limits, root.get("break_glass"))
    rules = read_rules(reader, register, defaults, root.get("rules"))
    examples = read_examples(reader, register, root.get("tests"))
    findings.raise_if_any()
    glass = root.get("break_glass")
    places = {**register.places, **({"break_glass": findings.place(glass)} if glass is not None else {})}
    policy = Policy(
        version=grammar.VERSION,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        groups=register.groups,
        projects=register.projects,
        defaults=defaults,
        limits=limits,
        break_glass=break_glass,
        rules=rules,
        places=places,
    )
    return policy, examples
