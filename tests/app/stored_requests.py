"""A database with three requests of the past: one shared after an approval, one denied, one never planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.model import (
    Action,
    Decision,
    GroupName,
    ImageFacts,
    ImageId,
    ImageKind,
    Lane,
    LaneId,
    Member,
    Need,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    Request,
    RequestId,
    Verdict,
)
from bot.domain.states import LaneState, MemberOutcome, RequestState
from bot.ports import Transaction

AT = datetime(2025, 1, 1, 12, tzinfo=UTC)
DEV = ProjectFacts(id=ProjectId("9c61004714024f9586705d090530f9fa"), name="shop-dev", env="dev")
PROD = ProjectFacts(id=ProjectId("edc89b490d7d4392898e19b2deb34797"), name="shop-prod", env="prod")
LEADS = frozenset({GroupName("platform-leads")})
ONE_LEAD = Verdict(
    outcome=Outcome.NEEDS_APPROVALS,
    requirement=Need(count=1, groups=LEADS),
    rules=("prod",),
    why="a lead decides",
)
DENIED = Verdict(outcome=Outcome.DENY, why="no rule permits this")


def image(name: str) -> ImageFacts:
    return ImageFacts(
        id=ImageId("0a1b2c3d-0000-4000-8000-000000000001"), name=name, kind=ImageKind.SYSTEM, encrypted=False,
        windows=False, status="active", owned=True, public=False, marketplace=False, created_at=AT - timedelta(days=3),
        shared_with=frozenset(),
    )  # fmt: skip


async def fill(path: Path, requester_groups: tuple[str, ...] | None = None) -> None:
    """Makes the database. With `requester_groups`, the audit log says which groups the requester was in."""
    store = SqliteStore(str(path))

    def write(tx: Transaction) -> None:
        data = {} if requester_groups is None else {"requester_groups": list(requester_groups)}
        for number, (name, project, verdict) in enumerate(
            [("base-ubuntu", PROD, ONE_LEAD), ("my-laptop", DEV, DENIED)], start=1
        ):
            stored = _request(tx, number, f"share {name} to {project.name}", RequestState.ENDED)
            state = LaneState.SUCCEEDED if verdict is ONE_LEAD else LaneState.DENIED
            lane = Lane(
                id=LaneId(f"{stored.id}.1"), request=stored.id, number=1, state=state, verdict=verdict,
                plan_hash="0" * 32, created_at=AT, ended_at=AT + timedelta(hours=1),
            )  # fmt: skip
            outcome = MemberOutcome.DONE if verdict is ONE_LEAD else MemberOutcome.NOT_RUN
            tx.add_lane(lane, [Member(lane=lane.id, image=image(name), project=project, outcome=outcome)])
            tx.record("lane_planned", at=AT, request=stored.id, lane=lane.id, data=data)
        tx.add_decision(
            Decision(
                lane=LaneId("1.1"),
                person=Person("T0OWN", "U0LEA"),
                approve=True,
                plan_hash="0" * 32,
                at=AT,
                groups=LEADS,
            )
        )
        _request(tx, 3, "share what to where", RequestState.REFUSED)

    try:
        await store.write(write)
    finally:
        await store.close()


def _request(tx: Transaction, number: int, text: str, state: RequestState) -> Request:
    added = tx.add_request(
        Request(
            id=RequestId(0),
            action=Action.SHARE,
            requester=Person("T0OWN", "U0EVA"),
            channel="C0IMAGES",
            text=text,
            image_refs=(),
            project_refs=(),
            reason="",
            duration=None,
            state=RequestState.PLANNING,
            created_at=AT,
            dedupe_key=f"key-{number}",
        )
    )
    return tx.save_request(replace(added, state=state))
