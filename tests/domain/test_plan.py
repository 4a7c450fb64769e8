"""The plan's hash: it stands for exactly what is approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.model import (
    Action,
    ImageFacts,
    ImageId,
    Person,
    ProjectFacts,
    ProjectId,
    Request,
    RequestId,
)  # fmt: skip
from bot.domain.plan import Pair, already_so, plan_hash
from bot.domain.states import RequestState

REQUEST = Request(
    id=RequestId(1), action=Action.SHARE, requester=Person("T1", "U1"), channel="C1", text="", image_refs=(), project_refs=(),
    reason="CHG-1", duration=timedelta(days=30), state=RequestState.PLANNING, created_at=datetime(2026, 1, 1, tzinfo=UTC),
    dedupe_key="k",
)  # fmt: skip
IMAGE = ImageFacts(id=ImageId("i1"), name="base", encrypted=False, owner="o")
DEV = ProjectFacts(id=ProjectId("p1"), name="dev", env="dev")
PROD = ProjectFacts(id=ProjectId("p2"), name="prod", env="prod")
PAIRS: tuple[Pair, ...] = ((IMAGE, DEV), (IMAGE, PROD))


def test_the_order_of_pairs_does_not_matter() -> None:
    """The same content has the same hash, however it was typed."""
    assert plan_hash(REQUEST, PAIRS) == plan_hash(REQUEST, PAIRS[::-1])


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "CHG-2"},
        {"duration": timedelta(days=31)},
        {"duration": None},
        {"action": Action.UNSHARE},
        {"requester": Person("T2", "U1")},
    ],
)
def test_another_request_has_another_hash(changed: dict[str, object]) -> None:
    """An approval of one must never pass for the other."""
    assert plan_hash(replace(REQUEST, **changed), PAIRS) != plan_hash(REQUEST, PAIRS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pairs",
    [
        PAIRS[:1],
        ((replace(IMAGE, encrypted=True), DEV), PAIRS[1]),
        ((replace(IMAGE, name="other"), DEV), PAIRS[1]),
        ((IMAGE, replace(DEV, env="prod")), PAIRS[1]),
    ],
)
def test_other_pairs_or_facts_have_another_hash(pairs: tuple[Pair, ...]) -> None:
    """What a human decides by is in it."""
    assert plan_hash(REQUEST, pairs) != plan_hash(REQUEST, PAIRS)


@pytest.mark.parametrize(
    ("action", "shared_with", "expected"),
    [
        (Action.SHARE, frozenset({DEV.id}), True),
        (Action.SHARE, frozenset(), False),
        (Action.SHARE, None, False),
        (Action.UNSHARE, frozenset({DEV.id}), False),
        (Action.UNSHARE, frozenset(), True),
        (Action.UNSHARE, None, False),
    ],
)
def test_only_a_read_list_can_show_that_there_is_nothing_to_do(
    action: Action, shared_with: frozenset[ProjectId] | None, expected: bool
) -> None:
    """An unread list proves nothing, either way."""
    assert already_so(action, (replace(IMAGE, shared_with=shared_with), DEV)) is expected
