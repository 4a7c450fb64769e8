"""Policy files: any bytes are a Policy or a list of problems with their places, and a policy that was accepted judges every ask as
the slow reference does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from random import Random

from bot.domain.errors import PolicyError
from bot.domain.model import Verdict
from bot.domain.policy import Ask, Policy, judge
from bot.domain.policy_file import lint, load
from tests.domain import reference_policy as reference
from tests.domain.policy_worlds import an_ask
from tests.fuzz.draw import Source, text_of
from tests.fuzz.target import Judge, Target, broken

SMALL = """version: 1
groups:
  engineers: {slack_usergroup: S0ENG}
  leads: {slack_users: [U0LEA, U0LEO]}
projects:
  - {id: 9c61004714024f9586705d090530f9fa, name: shop-dev, env: dev, tenant: self, labels: {tier: gold}}
  - {id: edc89b490d7d4392898e19b2deb34797, name: acme-lab, tenant: acme}
defaults: {expires_after: 24h, remind: [2h], time_zone: Europe/Berlin}
limits: {max_pairs: 500, max_duration: 90d}
rules:
  - {id: no, effect: forbid, when: {image.encrypted: {eq: true}}, message: "No."}
  - id: dev
    effect: permit
    when: {requester.groups: {any: [engineers]}, image.name: {regex: "^base-"}, project.env: {in: [dev, test]}}
    unless: {image.age_days: {gt: 30}}
    require: {count: 1, from: [leads]}
    reason: {pattern: "^CHG-[0-9]+", hint: "a number"}
    share_for: {max: 30d, default: 7d}
"""
RICH = """version: 1
groups: {staff: {slack_usergroup: S0STAFF}, leads: {slack_users: [U0LEA, U0LEO]}, security: {slack_usergroup: S0SEC}}
projects: [{id: 9c61004714024f9586705d090530f9fa, name: shop, env: dev, tenant: self}]
defaults: {self_approval: false, expires_after: 24h}
break_glass: {by: [leads], reason: {min_length: 20}, max_pairs: 5, review_within: 24h, review: {count: 1, from: [security]}}
rules:
  - {id: huge, effect: forbid, mode: warn, when: {image.size_gb: {gt: 500}}, message: "Too large."}
  - id: shop
    effect: permit
    when: {requester.groups: {any: [staff]}, image.name: {glob: "b*"}, request.weekday: {not_in: [sat, sun]}, image.tags: {exists: true}}
    require: {any_of: [{count: 2, from: [leads]}, {all_of: [{count: 1, from: [leads]}, {count: 1, from: [security]}]}]}
    escalate: {after: 4h, to: [security]}
tests:
  - name: a base image
    request: {by: {groups: [staff]}, image: {name: base, encrypted: false, kind: system, size_gb: 10}, project: shop}
    expect: {outcome: deny}
"""
BASES = (SMALL, RICH)
LINT_ONE_IN = 512
"""Looking for doubtful rules takes as long as fifty readings of the file, so it is done for one in so many."""
PIECES = (
    "", "~", "&a ", "*a", "<<: *a", "!!binary ", "!!python/name:os.system", "? ", ": ", "- ", "[", "]", "{", "}", "[[[[[[[[[[[[[[[[[[",
    "|\n", ">-\n", "'", '"', "#", "%YAML 1.1\n---\n", "---\n", "...\n", "\t", "\r", "\n", "\x85", "\u2028", "\ufeff", "\x00",
    "0x1F", "1_000", "1e309", ".nan", ".inf", "-.inf", "0o17", "190:20:30", "9" * 400, "2026-02-30", "2026-02-29T25:61:61Z",
    "yes", "NULL", "=", "true", "30d", "0d", "999999999d", "-1", "1.5", "(a+)+$", "(?i)^x", "(a|a)*", "[", "a{1,999999}",
    "x*x*x*x*", "(?P<n>a)", "\\1", "(?=a)", "[^", "\ud800", "é", "v" * 300,
    "when", "unless", "effect", "permit", "forbid", "require", "any_of", "all_of", "none", "count", "from", "leads", "mode: warn",
    "action: [share, unshare]", "self_approval: true", "tests", "break_glass", "escalate", "request.hour", "request.weekday",
)  # fmt: skip
_PLACE = re.compile(r"policy\.yml:(\d+):(\d+)")
Engine = Callable[[Policy, Ask], Verdict]


def judge_of(load: Callable[[str], Policy] = load, engine: Engine = judge, asks: int = 6) -> Judge:
    """The judge of a reader of policy files and of the engine that works by them. `asks` is how many asks are judged by every
    policy that was accepted."""

    def judge(data: bytes) -> None:
        text = text_from(data)
        try:
            policy = load(text)
        except PolicyError as error:
            _check_problems(error, text)
            return
        if sha256(data).digest()[0] % LINT_ONE_IN == 0:
            lint(policy)
        for number in range(asks):
            _check_verdict(policy, _ask(policy, Random(len(text) * asks + number)), engine)

    return judge


def text_from(data: bytes) -> str:
    """Bytes that begin with \\x00 or \\x01 are edits of one of the BASES; others are the file itself."""
    if data[:1] not in (b"\x00", b"\x01"):
        return text_of(data)
    source = Source(data)
    text = BASES[source.byte()]
    while source.left:
        at = source.integer(0, len(text))
        length = source.byte() % 32
        put = source.choose(PIECES) if source.flag() else source.text(40)
        text = text[:at] + put + text[at + length :]
    return text


def _check_problems(error: PolicyError, text: str) -> None:
    lines = len(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text)) + 1
    if not error.problems:
        broken("a policy was refused without a problem")
    for problem in error.problems:
        place = _PLACE.fullmatch(problem.where)
        if place is None or not 1 <= int(place[1]) <= lines:
            broken(f"the problem has no place in a file of {lines} lines: {problem}")
        if not problem.what.strip():
            broken("a problem without a word")


def _ask(policy: Policy, chance: Random) -> Ask:
    """An ask in the policy's own words, so that its rules are met."""
    ask = an_ask(chance)
    names = [name for name in policy.groups if chance.random() < 0.6]
    requester = replace(
        ask.requester, groups=frozenset(names), unknown_groups=ask.requester.unknown_groups - frozenset(names)
    )
    project = chance.choice(policy.projects) if policy.projects else ask.project
    return replace(ask, requester=requester, project=project)


def _check_verdict(policy: Policy, ask: Ask, engine: Engine) -> None:
    found, wanted = engine(policy, ask), reference.meaning(policy, ask)
    if found.outcome is not wanted.outcome:
        broken(
            f"{found.outcome} ({found.why}), and by the reference {wanted.outcome} by {sorted(wanted.rules)}, for {ask}"
        )
    if (found.self_approval, found.share_for) != (wanted.self_approval, wanted.share_for):
        broken(
            f"{found.self_approval}, {found.share_for}; by the reference {wanted.self_approval}, {wanted.share_for}"
        )
    if not found.why.strip():
        broken("a verdict without a word")


TARGET = Target(
    name="policy_files",
    promise="any bytes are a policy or problems with places; an accepted policy decides as the slow reference does",
    make=judge_of,
    tokens=tuple(piece for piece in PIECES if piece.isascii() and piece.isprintable() and piece),
    longest=8_192,
    weight=3,
)
