"""Small stories with one end each: what a person asks, what others press, and what must be so afterwards, however often the
bot died meanwhile. Each has images of its own, so that any of them can run at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.crashes.people import People, replies
from tests.journeys.cast import ALICE, BOB, DEV, EVE, LAB, LEA, LEO, POLICY, PROD, SEC, TEST
from tests.journeys.stage import Stage


@dataclass(frozen=True, kw_only=True)
class End:
    """What must be so. Lanes by number; messages by a part of their text, each said exactly once."""

    request: int = 0
    lanes: Mapping[str, str] = field(default_factory=dict)
    decisions: int = 0
    """That count, over all lanes; a lane that is tried again keeps its approvals."""
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Projects by image: the whole member list."""
    says: tuple[str, ...] = ()
    """Under the card."""
    private: tuple[tuple[str, str], ...] = ()
    """(person, part of what they alone are told)."""
    audit: tuple[str, ...] = ()
    """Kinds of events of the request that must be there exactly once each."""
    given_up: int = 0
    """Messages that nobody can ever be sent."""


Act = Callable[[People], Coroutine[Any, Any, End | Sequence[End]]]


async def as_it_is(_: Stage) -> None:
    """Nothing to be prepared."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a story needs that is not as in all others."""

    policy: str = POLICY
    settings: Mapping[str, Any] = field(default_factory=dict)
    """As for `empty_stage`: names without their IMAGEBOT_."""
    job_seconds: float = 0.1
    posts_a_second: float | None = None
    """To one channel. None: as many as anybody wants."""
    prepare: Callable[[Stage], Coroutine[Any, Any, None]] = as_it_is
    """What is so before the first life."""
    patience: float = 20.0
    """Seconds after which a step that did not come yet does not come any more."""


ONE = ("request_received",)


def only(*projects: str) -> frozenset[str]:
    return frozenset(projects)


async def goes_at_once(p: People) -> End:
    """Nobody has to approve."""
    image = p.stage.images.ubuntu
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={image: only(DEV)},
        says=("Done and verified: base-ubuntu-24 shared with shop-dev",), audit=ONE,
    )  # fmt: skip


async def waits_for_a_lead(p: People) -> End:
    """One approval, then the cloud."""
    n = await p.asks(BOB, "share base-debian-12 to shop-prod because CHG-2")
    await p.press(LEA, "Approve", f"{n}.1")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, decisions=1, shared={p.stage.images.debian: only(PROD)},
        says=("Done and verified: base-debian-12 shared with shop-prod", "approved sharing"), audit=ONE,
    )  # fmt: skip


async def two_leads_at_once(p: People) -> End:
    """Two presses, one decision; the later one is told why it did not count."""
    n = await p.asks(BOB, "share full-server-1 to shop-prod because CHG-3")
    await asyncio.gather(p.press(LEA, "Approve", f"{n}.1"), p.press(LEO, "Approve", f"{n}.1"))
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, decisions=1, shared={p.stage.images.full: only(PROD)},
        says=("Done and verified: full-server-1 shared with shop-prod", "approved sharing"), audit=ONE,
    )  # fmt: skip


async def is_rejected(p: People) -> End:
    n = await p.asks(ALICE, "share win-2022 to shop-prod because CHG-4")
    await p.reject(LEO, f"{n}.1", "use the June image")
    return End(
        request=n, lanes={f"{n}.1": "rejected"}, decisions=1, shared={p.stage.images.windows: only()},
        says=("rejected it: use the June image",), audit=ONE,
    )  # fmt: skip


async def is_cancelled(p: People) -> End:
    """By the button on the card."""
    n = await p.asks(ALICE, "share data-disk-1 to shop-prod because CHG-5")
    await p.press(ALICE, "Cancel Request", f"{n}.1")
    return End(
        request=n, lanes={f"{n}.1": "cancelled"}, shared={p.stage.images.data: only()},
        says=("cancelled this part",), audit=ONE,
    )  # fmt: skip


async def is_cancelled_by_command(p: People) -> End:
    n = await p.asks(BOB, "share data-disk-1 to shop-prod because CHG-6")
    await p.stage.until(lambda: p.stage.button("Cancel Request", f"{n}.1"), 60)
    await p.command(BOB, f"cancel #{n}")
    return End(
        request=n, lanes={f"{n}.1": "cancelled"}, shared={p.stage.images.data: only()},
        says=("cancelled this part",), audit=ONE,
    )  # fmt: skip


async def is_taken_back(p: People) -> End:
    """Un-sharing, read back as gone."""
    image = p.stage.ims.add_image("last-years-base")
    p.stage.ims.set_member(image, TEST, "accepted")
    p.stage.ims.set_member(image, PROD, "accepted")
    n = await p.asks(BOB, "unshare last-years-base from shop-test because CHG-7")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={image: only(PROD)},
        says=("Done and verified: last-years-base no longer shared with shop-test",), audit=ONE,
    )  # fmt: skip


async def is_tried_again(p: People) -> End:
    """The cloud fails until the requester presses Retry Failed."""
    image = p.stage.ims.add_image("unlucky-1")
    p.stage.ims.fail_pair(image, DEV)
    n = await p.asks(ALICE, "share unlucky-1 to shop-dev")
    await p.stage.until(lambda: p.stage.button("Retry Failed", f"{n}.1"), 60)
    p.stage.ims.clear_faults()
    await p.press(ALICE, "Retry Failed", f"{n}.1")
    return End(
        request=n, lanes={f"{n}.1": "failed", f"{n}.2": "succeeded"}, shared={image: only(DEV)},
        says=("Failed: none of 1 pair", "Done and verified: unlucky-1 shared with shop-dev", "asked to try"),
        audit=(*ONE, "lane_retried"),
    )  # fmt: skip


async def needs_two_groups(p: People) -> End:
    image = p.stage.ims.add_image("for-acme")
    n = await p.asks(ALICE, "share for-acme to acme-lab for 7d because CHG-8")
    await p.press(LEA, "Approve", f"{n}.1")
    await p.press(SEC, "Approve", f"{n}.1")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, decisions=2, shared={image: only(LAB)},
        says=("Done and verified: for-acme shared with acme-lab",), audit=ONE,
    )  # fmt: skip


async def is_approved_in_part(p: People) -> End:
    """One pair is chosen in the form, the rest is approved afterwards."""
    one, two = p.stage.ims.add_image("half-one"), p.stage.ims.add_image("half-two")
    n = await p.asks(ALICE, "share half-one, half-two to shop-prod because CHG-9")
    await p.choose(LEA, f"{n}.1", [f"{one}|{PROD}"])
    await p.stage.until(lambda: any("approved only" in text for text in replies(p.stage, n)), 60)
    await p.stage.until(
        lambda: p.stage.button("Approve", f"{n}.2") or p.stage.button("Approve", f"{n}.1"), 60
    )
    waiting = next(x["id"] for x in (await p.stage.tree(n))["lanes"] if x["state"] == "awaiting_approval")
    await p.press(LEO, "Approve", waiting)
    return End(
        request=n, lanes={f"{n}.1": "succeeded", f"{n}.2": "succeeded"}, decisions=2,
        shared={one: only(PROD), two: only(PROD)}, says=("approved only",), audit=ONE,
    )  # fmt: skip


async def is_refused(p: People) -> End:
    """By the policy."""
    n = await p.asks(EVE, "share base-ubuntu-24 to shop-test")
    return End(request=n, audit=ONE)


async def asks_who(p: People) -> End:
    """A question that takes the cloud: answered privately."""
    await p.command(LEA, "who CentOS-7")
    return End(private=((LEA, "CentOS-7"),))


async def asks_for_a_dry_run(p: People) -> End:
    await p.command(BOB, "share base-debian-12 to shop-dev --dry-run")
    return End(private=((BOB, "Dry run, nothing was recorded"),))


ACTS: Mapping[str, Act] = {
    act.__name__: act
    for act in (
        goes_at_once, waits_for_a_lead, two_leads_at_once, is_rejected, is_cancelled, is_cancelled_by_command,
        is_taken_back, is_tried_again, needs_two_groups, is_approved_in_part, is_refused, asks_who, asks_for_a_dry_run,
    )
}  # fmt: skip
BASKETS: tuple[tuple[Act, ...], ...] = (
    (goes_at_once,),
    (waits_for_a_lead, two_leads_at_once, needs_two_groups, is_approved_in_part),
    (is_rejected, is_cancelled, is_cancelled_by_command, is_refused),
    (is_taken_back, is_tried_again, asks_who),
)
"""A round takes one out of each."""
