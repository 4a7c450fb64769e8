"""Stored requests as asks for the policy: what was judged then, with the facts of then. Read beside a running bot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.errors import RequesterError
from bot.domain.model import Actor, Decision, GroupName, Lane, Member, Request, RequestId
from bot.domain.plan import ALREADY
from bot.domain.policy import Ask, Policy
from bot.ports import View

T = TypeVar("T")
FROM_AUDIT = "from the audit log"
GIVEN = "as given by --group"
UNKNOWN = "unknown: they are not stored, and none was given by --group"
REQUESTER_GROUPS = "requester_groups"
"""In the data of an audit event: the policy's groups the requester was in."""
REQUESTER_UNKNOWN_GROUPS = "requester_unknown_groups"


@dataclass(frozen=True, kw_only=True)
class StoredCase:
    """One member of a stored request, and what was said of it then."""

    name: str
    """image -> project."""
    ask: Ask
    lane: Lane
    member: Member
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, kw_only=True)
class Stored:
    request: Request
    groups_from: str
    cases: tuple[StoredCase, ...]
    """Without pairs that were as asked already; empty for a request that was never planned."""


async def stored_request(path: Path, number: int, policy: Policy, groups: frozenset[GroupName]) -> Stored:
    """Raises RequesterError when there is no such request, or it has no plan."""

    def query(view: View) -> Stored | None:
        request = view.request(RequestId(number))
        return None if request is None else _stored(view, request, policy, groups)

    found = await _read(path, query)
    if found is None or not found.cases:
        raise RequesterError(f"There is no request #{number}, or it has no plan.")
    return found


async def stored_requests(
    path: Path, last: int, policy: Policy, groups: frozenset[GroupName]
) -> tuple[Stored, ...]:
    """The last requests people made, newest first; the ends of time-limited shares, which no policy judges, left out."""

    def query(view: View) -> tuple[Stored, ...]:
        requests = view.requests("all", limit=last)
        return tuple(_stored(view, r, policy, groups) for r in requests if r.parent is None)

    return await _read(path, query)


def _stored(view: View, request: Request, policy: Policy, groups: frozenset[GroupName]) -> Stored:
    lanes = view.lanes(request.id)
    members = [(lane, member) for lane in lanes for member in view.members(lane.id)]
    requester, groups_from = _requester(view, request, policy, groups)
    decisions = {lane.id: view.decisions(lane.id) for lane in lanes}
    cases = [
        StoredCase(
            name=f"{member.image.name or member.image.id} -> {member.project.name}",
            ask=Ask(
                action=request.action,
                requester=requester,
                image=member.image,
                project=policy.project(member.project.id) or member.project,
                pairs=len(members),
                images=len({m.image.id for _, m in members}),
                projects=len({m.project.id for _, m in members}),
                duration=request.duration,
                reason=request.reason,
                channel=request.channel,
                at=request.created_at,
            ),
            lane=lane,
            member=member,
            decisions=decisions[lane.id],
        )
        for lane, member in members
        if lane.verdict.rules != ALREADY.rules
    ]
    return Stored(request=request, groups_from=groups_from, cases=tuple(cases))


def _requester(
    view: View, request: Request, policy: Policy, given: frozenset[GroupName]
) -> tuple[Actor, str]:
    """Who asked, and where their groups are from. Groups that list people by name need no looking up."""
    listed = {name for name, group in policy.groups.items() if request.requester.user in group.slack_users}
    known: frozenset[GroupName] | None = None
    unknown: frozenset[GroupName] = frozenset()
    for event in view.events(request=request.id):
        if REQUESTER_GROUPS in event.data:
            known = frozenset(GroupName(str(name)) for name in _names(event.data[REQUESTER_GROUPS]))
            unknown = frozenset(
                GroupName(str(name)) for name in _names(event.data.get(REQUESTER_UNKNOWN_GROUPS))
            )
    source = FROM_AUDIT
    if known is None and given:
        known, source = given, GIVEN
    elif known is None:
        known, source = frozenset(), UNKNOWN
        unknown = frozenset(name for name, group in policy.groups.items() if group.slack_usergroup)
    groups = known | listed
    actor = Actor(
        person=request.requester, groups=groups, unknown_groups=unknown - groups, is_guest=False, is_bot=False,
        is_deactivated=False, is_foreign=False,
    )  # fmt: skip
    return actor, source


def _names(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


async def _read(path: Path, query: Callable[[View], T]) -> T:
    store = SqliteStore(str(path), readonly=True)
    try:
        return await store.read(query)
    finally:
        await store.close()
