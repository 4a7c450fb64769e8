"""Builders in the words of the product: a policy of a few rules in a usual frame, and an ask where only what
matters is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.errors import PolicyError, Problem
from bot.domain.model import Action, Actor, GroupName, ImageFacts, ImageId, ImageKind, Need, Person, Verdict
from bot.domain.policy import Ask, Policy, Vote, judge
from bot.domain.policy_file import load

FRAME = """version: 1
groups:
  engineers: {slack_usergroup: S0ENGINEERS}
  contractors: {slack_usergroup: S0CONTRACTORS}
  leads: {slack_usergroup: S0LEADS}
  security: {slack_usergroup: S0SECURITY}
  owners: {slack_users: [U0ALICE, U0BOB]}
  trio: {slack_users: [U0ALICE, U0BOB, U0CAROL]}
projects:
  - {id: 9c61004714024f9586705d090530f9fa, name: shop-dev, env: dev, tenant: self, labels: {tier: gold}}
  - {id: edc89b490d7d4392898e19b2deb34797, name: shop-prod, env: prod, tenant: self}
  - {id: 0f0e0d0c0b0a09080706050403020100, name: acme-lab, tenant: acme}
"""
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""A Wednesday."""
REQUESTER = Person("T0HOME", "U0REQUESTER")
IMAGE = ImageFacts(
    id=ImageId("0a1b2c3d-0000-4000-8000-000000000001"), name="base-ubuntu", kind=ImageKind.SYSTEM, encrypted=False,
    windows=False, os="Ubuntu 24.04 server 64bit", status="active", owned=True, public=False, marketplace=False,
    size_gb=40.0, tags=frozenset({"hardened"}), created_at=datetime(2026, 2, 22, 12, tzinfo=UTC), shared_with=frozenset(),
    owner="5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
)  # fmt: skip


def policy(rules: str, more: str = "") -> Policy:
    """The policy with these rules (one flow mapping a line) in the usual frame."""
    lines = "".join(f"  - {{{rule.strip()}}}\n" for rule in rules.strip().splitlines() if rule.strip())
    return load(f"{FRAME}{more}rules:\n{lines}" if lines else f"{FRAME}{more}rules: []\n")


def groups(*names: str) -> frozenset[GroupName]:
    return frozenset(GroupName(name) for name in names)


def actor(*names: str, unknown: tuple[str, ...] = (), person: Person = REQUESTER, **more: Any) -> Actor:
    """A plain member of the workspace, in these groups."""
    known: dict[str, Any] = {"is_guest": False, "is_bot": False, "is_deactivated": False, "is_foreign": False}
    return Actor(person=person, groups=groups(*names), unknown_groups=groups(*unknown), **(known | more))


def ask(rules: Policy, project: str = "shop-dev", *, by: Actor | None = None, **more: Any) -> Ask:
    """An engineer asks to share a base image; `more` are fields of Ask."""
    target = rules.project(project)
    assert target is not None
    fields: dict[str, Any] = {"action": Action.SHARE, "image": IMAGE, "at": NOON} | more
    return Ask(requester=by or actor("engineers"), project=target, **fields)


def verdict(rules: str, project: str = "shop-dev", **more: Any) -> Verdict:
    """What a policy of these rules says of an ask."""
    made = policy(rules)
    return judge(made, ask(made, project, **more))


def need(count: int, *names: str) -> Need:
    return Need(count=count, groups=groups(*names))


def vote(user: str, *names: str) -> Vote:
    return Vote(person=Person("T0HOME", user), groups=groups(*names))


def problems(text: str) -> tuple[Problem, ...]:
    """Every problem of a file that must be refused."""
    with pytest.raises(PolicyError) as caught:
        load(text, "p.yml")
    return caught.value.problems


def said(text: str) -> str:
    """All problems of a file, a line each."""
    return "\n".join(str(problem) for problem in problems(text))
