"""Breaks the policy on purpose, one way at a time, in a copy of the tree, and sees whether a test says so.

Each mutant is a mistake somebody could make. One that no test catches, or that no longer fits the code, is a failure.
`make mutants-policy` runs all of them; `python -m tools.mutants_policy NAME...` those whose names contain a word.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.copies import copy_tree, is_the_copy, write

REFERENCE = "tests/domain/test_policy_reference.py"
VOTES_REFERENCE = "tests/domain/test_policy_reference_votes.py"
OTHERS = tuple(
    f"tests/domain/test_{name}.py"
    for name in ("plan", "lifecycle", "policy", "policy_votes", "policy_properties")
)
ITSELF = f"{REFERENCE}::test_each_mutant_still_changes_exactly_one_place"
LONGEST_TEST_SECONDS = 60
CRASHED = -1
"""In place of pytest's exit code: a test failed by an error and not by what it says. Such a mutant proves nothing."""


@dataclass(frozen=True)
class Mutant:
    name: str
    """The mistake, in words."""
    file: str
    old: str
    """Stands exactly once in the file."""
    new: str


POLICY = "bot/domain/policy/"
CLAUSES, RULES, JUDGING = POLICY + "clauses.py", POLICY + "rules.py", POLICY + "judging.py"
REQUIREMENT, VOTES = POLICY + "requirement.py", POLICY + "votes.py"
PERMITS, OWN_LIMITS, BREAK_GLASS = (
    POLICY + "permits.py",
    POLICY + "request_limits.py",
    POLICY + "break_glass.py",
)
IN_FORCE, PLAN, LIFECYCLE = "bot/domain/in_force.py", "bot/domain/plan.py", "bot/domain/lifecycle.py"

FIRST = {REQUIREMENT: VOTES_REFERENCE, VOTES: VOTES_REFERENCE, BREAK_GLASS: VOTES_REFERENCE, IN_FORCE: VOTES_REFERENCE,
         LIFECYCLE: VOTES_REFERENCE, PLAN: "tests/domain/test_plan.py"}  # fmt: skip
"""The suite that is closest to a file, and is tried first; else the reference. All are tried before one survives."""

MUTANTS = (
    # -- conditions
    Mutant(
        "or for and between conditions",
        CLAUSES,
        "        if held is False:\n            return False\n        if held is None:\n            answer = None\n",
        "        if held:\n            return True\n        answer = None if None in (held, answer) else False\n",
    ),
    Mutant(
        "an unknown condition is taken for true",
        CLAUSES,
        "        if held is None:\n            answer = None\n",
        "        if held is None:\n            answer = answer\n",
    ),
    Mutant(
        "an unknown fact is taken for false",
        CLAUSES,
        "            return None\n        if value is ABSENT:\n            return self.wanted",
        "            return False\n        if value is ABSENT:\n            return self.wanted",
    ),
    Mutant(
        "an unreadable group counts as joined",
        CLAUSES,
        "return False if words.unknown.isdisjoint(wanted) else None",
        "return not words.unknown.isdisjoint(wanted)",
    ),
    Mutant(
        "an unreadable group counts as not joined",
        CLAUSES,
        "return None if (words.known | words.unknown).issuperset(wanted) else False",
        "return False",
    ),
    Mutant("all of the words means any of them", CLAUSES, "Operator.ALL: _all,", "Operator.ALL: _any,"),
    Mutant("what is absent equals everything", CLAUSES, "else self.operator in NEGATIVE", "else True"),
    Mutant(
        "at most means below",
        CLAUSES,
        "lambda value, wanted: value <= wanted",
        "lambda value, wanted: value < wanted",
    ),
    # -- rules
    Mutant(
        "exceptions are ignored", RULES, "for exception in self.unless:", "for exception in self.unless[:0]:"
    ),
    Mutant(
        "only the first exception counts",
        RULES,
        "for exception in self.unless:",
        "for exception in self.unless[:1]:",
    ),
    Mutant(
        "an unknown exception is none",
        RULES,
        "            if excepted is None:\n",
        "            if excepted is True:\n",
    ),
    Mutant(
        "a rule speaks of every action",
        RULES,
        "rule.effect is effect and action in rule.actions and",
        "rule.effect is effect and",
    ),
    Mutant(
        "the order of the file decides",
        RULES,
        "rules = sorted(self.rules, key=lambda rule: rule.id)",
        "rules = list(self.rules)",
    ),
    Mutant(
        "a rule on trial counts",
        RULES,
        "action in rule.actions and rule.mode is Mode.ENFORCE",
        "action in rule.actions",
    ),
    # -- the verdict
    Mutant(
        "an unknown forbid is skipped",
        JUDGING,
        "for rule in policy.rules_of(Effect.FORBID, ask.action) if rule.applies(reading) is None]",
        "for rule in policy.rules_of(Effect.FORBID, ask.action) if False]",
    ),
    Mutant(
        "an unknown require is skipped",
        JUDGING,
        "[rule for rule, applies in locks if applies is None]",
        "[rule for rule, applies in locks if applies is ...]",
    ),
    Mutant(
        "a permit opens on an unknown",
        PERMITS,
        "return False if self.mendable else self.applies\n",
        "return False if self.mendable else self.applies is not False\n",
    ),
    Mutant(
        "hold wins over deny",
        JUDGING,
        "    if refusal is not None:\n        return refusal\n",
        "    if refusal is not None and not _unread_by_the_cloud(ask):\n        return refusal\n",
    ),
    Mutant(
        "a require opens",
        JUDGING,
        "    if not any(permit.open is not False for permit in permits):\n",
        "    if not policy.rules_of(Effect.REQUIRE, ask.action) and not any(p.open is not False for p in permits):\n",
    ),
    Mutant(
        "an image goes though nobody knows whose it is",
        JUDGING,
        'next((name for so, _, name in _guards(ask) if so is None and name), "")',
        '""',
    ),
    Mutant(
        "the form of a reason on a require is ignored",
        JUDGING,
        "        or _reason_missing(policy, reading)\n",
        "",
    ),
    Mutant("the longest time is too long", PERMITS, "> rule.share_for.max", ">= rule.share_for.max"),
    Mutant(
        "the largest requirement instead of all of them",
        JUDGING,
        "    requirement = merge(*(rule.requirement for rule in asking))\n",
        "    requirement = max((merge(r.requirement) for r in asking), key=str, default=NO_REQUIREMENT)\n",
    ),
    Mutant(
        "one rule is enough for the requester's own vote",
        JUDGING,
        "bool(asking) and all(rule.self_approval for rule in asking)",
        "any(rule.self_approval for rule in asking)",
    ),
    Mutant("the limits of the file are ignored", JUDGING, "        or over_limits(policy.limits, ask)\n", ""),
    Mutant(
        "a share without an end outlasts the limit",
        OWN_LIMITS,
        "min(longest, verdict.share_for or longest)",
        "verdict.share_for",
    ),
    Mutant(
        "a share lasts the longest of the defaults",
        JUDGING,
        "return min((rule.share_for",
        "return max((rule.share_for",
    ),
    # -- requirements and votes
    Mutant(
        "the same groups are added up",
        REQUIREMENT,
        "min(known, part.count) if smaller else max(known, part.count)",
        "min(known, part.count) if smaller else max(known, part.count) + (part.groups in counts)",
    ),
    Mutant(
        "the same groups take the smaller count",
        REQUIREMENT,
        "min(known, part.count) if smaller else max(known, part.count)",
        "min(known, part.count)",
    ),
    Mutant(
        "any_of takes its first branch",
        VOTES,
        "for option in reversed(head.items)]",
        "for option in head.items[:1]]",
    ),
    Mutant(
        "one person fills two slots",
        VOTES,
        "if person not in taken or place(taken[person], tried):",
        "if person is not None:",
    ),
    Mutant(
        "greedy instead of matching",
        VOTES,
        "if person not in taken or place(taken[person], tried):",
        "if person not in taken:",
    ),
    Mutant(
        "each part is met, and nobody looks at the whole",
        VOTES,
        "all(met(part) for part in whole.items) and met(whole) if",
        "all(met(part) for part in whole.items) if",
    ),
    Mutant(
        "the last vote of a person hides the first",
        VOTES,
        "people.get(vote.person, frozenset()) | vote.groups",
        "vote.groups",
    ),
    Mutant(
        "the requester is forgotten",
        VOTES,
        "if actor.person == requester and not self_approval:",
        "if actor.person is None and not self_approval:",
    ),
    Mutant(
        "the requester is anybody of that user id",
        VOTES,
        "if actor.person == requester and not",
        "if actor.person.user == requester.user and not",
    ),
    Mutant("guests count", VOTES, '        (actor.is_guest, "guests cannot approve"),\n', ""),
    Mutant("deactivated people count", VOTES, "        (actor.is_deactivated, ", "        (False, "),
    Mutant("bots count", VOTES, "        (actor.is_bot, ", "        (False, "),
    Mutant("people of another workspace count", VOTES, "        (actor.is_foreign, ", "        (False, "),
    Mutant(
        "people nobody knows anything of count",
        VOTES,
        "if None in (actor.is_deactivated, actor.is_bot, actor.is_foreign, actor.is_guest):",
        "if ... in (actor.is_deactivated, actor.is_bot, actor.is_foreign, actor.is_guest):",
    ),
    Mutant(
        "an unreadable group counts as membership of the voter",
        VOTES,
        "    if wanted & actor.groups:\n",
        "    if wanted & (actor.groups | actor.unknown_groups):\n",
    ),
    Mutant(
        "breaking the glass overrides a deny",
        BREAK_GLASS,
        "if verdict.outcome is not Outcome.NEEDS_APPROVALS:",
        "if verdict.outcome is Outcome.ALLOW:",
    ),
    Mutant("anybody breaks the glass", BREAK_GLASS, "if not self.by & actor.groups:", "if not self.by:"),
    # -- between submit and execution
    Mutant(
        "what was pinned is forgotten",
        IN_FORCE,
        "requirement = merge(requirement, now.requirement)",
        "requirement = now.requirement",
    ),
    Mutant(
        "what is asked today is ignored",
        IN_FORCE,
        "requirement = merge(requirement, now.requirement)",
        "requirement = merge(requirement)",
    ),
    Mutant(
        "a broken glass makes the unknown known",
        IN_FORCE,
        "        requirement = NO_REQUIREMENT\n",
        '        requirement, hold = NO_REQUIREMENT, ""\n',
    ),
    Mutant(
        "a deny of today is ignored", IN_FORCE, "if now.outcome is Outcome.DENY:", "if now.outcome is None:"
    ),
    Mutant("an unknown of today is ignored", IN_FORCE, "hold = hold or now.why", "hold = hold"),
    Mutant(
        "today's word on the requester's vote replaces the pinned one",
        IN_FORCE,
        "self_approval = self_approval and now.self_approval",
        "self_approval = now.self_approval",
    ),
    Mutant("the hash ignores a fact", PLAN, "                image.encrypted,\n", ""),
    Mutant("the hash ignores the reason", PLAN, '        "reason": request.reason,\n', ""),
    # -- the click
    Mutant(
        "a click at the very deadline is in time",
        LIFECYCLE,
        "ballot.at >= lane.deadline",
        "ballot.at > lane.deadline",
    ),
    Mutant(
        "an approval of another plan counts",
        LIFECYCLE,
        "    if lane.plan_hash != ballot.plan_hash:\n",
        "    if lane.plan_hash == '':\n",
    ),
    Mutant(
        "a person is recorded twice",
        LIFECYCLE,
        "any(d.person == ballot.actor.person for d in earlier)",
        "any(d.person is None for d in earlier)",
    ),
    Mutant(
        "a rejection ends nothing",
        LIFECYCLE,
        "    if not ballot.approve:\n",
        "    if ballot.reason == '...':\n",
    ),
)


def occurrences(root: Path, mutant: Mutant) -> int:
    """How often the mutant's old text stands in its file: 1, or it has rotted."""
    return (root / mutant.file).read_text(encoding="utf-8").count(mutant.old)


def run_there(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A Python in the copy, which sees the code of the copy, and only the plugins of pytest that are named."""
    surroundings = {"PYTHONPATH": str(tree), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "400"}
    return subprocess.run(  # noqa: S603
        [sys.executable, *command], cwd=tree, env=os.environ | surroundings, capture_output=True, text=True
    )


def run_tests(tree: Path, suites: Sequence[str]) -> tuple[int, str]:
    """The exit code of pytest, and the first failing test (or what it printed, where it broke)."""
    chosen = ["-x", "-m", "not slow", "--deselect", ITSELF, *suites]
    shown = ["-q", "--tb=no", "-rf", f"--timeout={LONGEST_TEST_SECONDS}"]
    plugins = ["-p", "pytest_asyncio.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider"]
    done = run_there(tree, "-m", "pytest", *plugins, *shown, *chosen)
    failed = re.search(r"^FAILED \S*?([\w.]+)::([\w\[\]-]+)(?: - (.*))?", done.stdout, re.MULTILINE)
    if failed is None:
        return done.returncode, (done.stdout + done.stderr)[-1500:]
    if not (failed[3] or "").lower().startswith("assert"):
        return CRASHED, f"{failed[1]}::{failed[2]} crashed: {failed[3]}"
    return done.returncode, f"{failed[1]}::{failed[2]}"


def in_order(file: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every suite: the one closest to the file, then the others."""
    first = FIRST.get(file, REFERENCE)
    return (first,), tuple(suite for suite in (REFERENCE, VOTES_REFERENCE, *OTHERS) if suite != first)


def try_one(tree: Path, mutant: Mutant) -> tuple[bool, str]:
    """Whether it was caught, and by what: the closest suite first, then the others."""
    if occurrences(tree, mutant) != 1:
        return False, f"ROTTEN: its old text stands {occurrences(tree, mutant)} times in {mutant.file}"
    before = (tree / mutant.file).read_text(encoding="utf-8")
    write(tree, mutant.file, before.replace(mutant.old, mutant.new))
    try:
        for suites in in_order(mutant.file):
            code, told = run_tests(tree, suites)
            if code == 1:
                return True, told
            if code != 0:
                return False, f"BROKEN: pytest ended with {code}: {told}"
        return False, "SURVIVED"
    finally:
        write(tree, mutant.file, before)


def run(mutants: Sequence[Mutant]) -> int:
    """Prints a row for each mutant; 1 when one was not caught."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        tree = Path(place)
        copy_tree(tree)
        every = (REFERENCE, VOTES_REFERENCE, *OTHERS)
        code, told = run_tests(tree, every) if is_the_copy(tree) else (2, "the copy is not what is imported")
        if code != 0:
            print(f"Without any mutant the tests already fail: {told}")
            return 1
        missed, begun = 0, time.monotonic()
        for mutant in mutants:
            started = time.monotonic()
            caught, by = try_one(tree, mutant)
            missed += not caught
            seconds = time.monotonic() - started
            print(f"{'caught' if caught else 'MISSED'}  {seconds:5.1f} s  {mutant.name:60}  {by}", flush=True)
    print(f"{len(mutants)} mutants, {missed} missed, {time.monotonic() - begun:.0f} s")
    return 1 if missed else 0


def main(words: Sequence[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    if not chosen:
        print("no mutant has such a name")
        return 2
    return run(chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
