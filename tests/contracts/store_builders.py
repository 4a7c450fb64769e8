"""Values for tests of the store, with sensible defaults: only what a test is about is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.model import (
    Action,
    Decision,
    Due,
    DueKind,
    ImageFacts,
    ImageId,
    InboxId,
    InboxItem,
    InboxKind,
    Job,
    JobRowId,
    Lane,
    LaneId,
    Member,
    Outcome,
    Person,
    ProjectFacts,
    ProjectId,
    Request,
    RequestId,
    Verdict,
)
from bot.domain.notices import Message, NoticeDraft, NoticeKind, Paragraph, Text
from bot.domain.states import FINAL_LANE_STATES, JobState, LaneState, RequestState
from bot.ports import Store, Transaction

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ANNA = Person("T1", "UANNA")
BEN = Person("T1", "UBEN")
ALL_KINDS = tuple(DueKind)


def after(minutes: float) -> datetime:
    """That many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def a_request(key: str = "key-1", **changes: Any) -> Request:
    given: dict[str, Any] = {
        "id": RequestId(0),
        "action": Action.SHARE,
        "requester": ANNA,
        "channel": "C1",
        "text": "share base to shop-dev",
        "image_refs": ("base",),
        "project_refs": ("shop-dev",),
        "reason": "CHG-1",
        "duration": timedelta(days=30),
        "state": RequestState.PLANNING,
        "created_at": NOON,
        "dedupe_key": key,
    }
    return Request(**(given | changes))


def a_lane(request: RequestId, number: int = 1, **changes: Any) -> Lane:
    state = changes.get("state", LaneState.AWAITING_APPROVAL)
    given: dict[str, Any] = {
        "id": LaneId(f"{request}.{number}"),
        "request": request,
        "number": number,
        "state": state,
        "verdict": Verdict(outcome=Outcome.ALLOW),
        "plan_hash": "hash",
        "created_at": NOON,
        "ended_at": NOON if state in FINAL_LANE_STATES else None,
    }
    return Lane(**(given | changes))


def a_member(lane: LaneId, image: str = "image-1", project: str = "project-1", **changes: Any) -> Member:
    given: dict[str, Any] = {
        "lane": lane,
        "image": ImageFacts(id=ImageId(image), name="base"),
        "project": ProjectFacts(id=ProjectId(project), name="shop-dev"),
    }
    return Member(**(given | changes))


def a_job(lane: LaneId, **changes: Any) -> Job:
    given: dict[str, Any] = {
        "id": JobRowId(0),
        "lane": lane,
        "action": Action.SHARE,
        "images": (ImageId("image-1"),),
        "projects": (ProjectId("project-1"),),
        "state": JobState.QUEUED,
        "created_at": NOON,
    }
    return Job(**(given | changes))


def a_decision(lane: LaneId, person: Person = ANNA, **changes: Any) -> Decision:
    given: dict[str, Any] = {"lane": lane, "person": person, "approve": True, "plan_hash": "hash", "at": NOON}
    return Decision(**(given | changes))


def an_inbox_item(key: str = "click-1", **changes: Any) -> InboxItem:
    given: dict[str, Any] = {
        "id": InboxId(0),
        "kind": InboxKind.CLICK,
        "dedupe_key": key,
        "person": ANNA,
        "channel": "C1",
        "received_at": NOON,
        "body": {"click": "approve", "lane": "1.1"},
        "response_url": "https://hooks.example/secret",
    }
    return InboxItem(**(given | changes))


def a_message(text: str = "hello") -> Message:
    return Message(text=text, parts=(Paragraph(line=(Text(text),)),))


def a_card(request: RequestId) -> NoticeDraft:
    return NoticeDraft(kind=NoticeKind.CARD, request=request, channel="C1")


def a_reply(request: RequestId | None, text: str = "hello") -> NoticeDraft:
    return NoticeDraft(kind=NoticeKind.THREAD, request=request, message=a_message(text), channel="C1")


async def stored_request(store: Store, key: str = "key-1", **changes: Any) -> Request:
    return await store.write(lambda tx: tx.add_request(a_request(key, **changes)))


async def stored_lane(store: Store, members: int = 1, key: str = "key-1", **changes: Any) -> Lane:
    """A lane, number 1, of a request of its own, with `members` members of different projects."""

    def step(tx: Transaction) -> Lane:
        lane = a_lane(tx.add_request(a_request(key)).id, **changes)
        tx.add_lane(lane, [a_member(lane.id, project=f"project-{n}") for n in range(1, members + 1)])
        return lane

    return await store.write(step)


async def planned(store: Store, *subjects: str, kind: DueKind = DueKind.POLL, at: datetime = NOON) -> None:
    """A due row of the kind for each subject."""

    def step(tx: Transaction) -> None:
        for subject in subjects:
            tx.plan_work(kind, subject, at)

    await store.write(step)


async def claimed(
    store: Store, now: datetime = NOON, *, by: str = "worker-1", limit: int = 10, lease: float = 1
) -> tuple[Due, ...]:
    """Whatever is due at `now`, claimed by `by` for `lease` minutes."""
    until = now + timedelta(minutes=lease)
    return await store.write(
        lambda tx: tx.claim_due(now, kinds=ALL_KINDS, until=until, claim=by, limit=limit)
    )


def then_fail(change: Callable[[Transaction], object]) -> Callable[[Transaction], None]:
    """The change, and after it an error of the step itself."""

    def step(tx: Transaction) -> None:
        change(tx)
        raise LookupError("the step failed after its change")

    return step
