"""Small stories that need a policy, settings or times of their own: deadlines, reminders, ends, emergencies, unknown facts,
many results at once, the policy file, the audit log."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import aiohttp

from bot.adapters.store.sqlite import SqliteStore
from tests.crashes.acts import ONE, Act, End, Setup, only
from tests.crashes.people import PATIENCE, People, replies
from tests.journeys.cast import ALICE, BOB, CHANNEL, DEV, LEA, OPS, POLICY, PROD, SEC, TEST
from tests.journeys.seats import words
from tests.journeys.stage import Stage

DEFAULTS = "defaults: {expires_after: 24h}"
SELF_SERVICE = "project.env: {eq: dev}}\n    require: none"
GLASS = "break_glass: {by: [leads], reason: {min_length: 20}, max_pairs: 5, review_within: 24h, review: {count: 1, from: [security]}}"


def policy(old: str, new: str) -> str:
    """The policy of all stories with one passage changed."""
    assert POLICY.count(old) == 1, old
    return POLICY.replace(old, new)


# -- times ----------------------------------------------------------------------------------------------------


async def is_never_decided(p: People) -> End:
    """The deadline."""
    n = await p.asks(ALICE, "share win-2022 to shop-prod because CHG-20")
    return End(
        request=n, lanes={f"{n}.1": "expired"}, shared={p.stage.images.windows: only()}, says=("Expired:",),
        audit=(*ONE, "lane_expired"),
    )  # fmt: skip


async def is_reminded_of(p: People) -> End:
    """The approvers are, and then it is taken back."""
    n = await p.asks(ALICE, "share win-2022 to shop-prod because CHG-21")
    await p.told("Still waiting for a decision", n)
    await p.command(ALICE, f"cancel #{n}")
    return End(
        request=n, lanes={f"{n}.1": "cancelled"}, shared={p.stage.images.windows: only()},
        says=("Still waiting for a decision", "cancelled this part"), audit=(*ONE, "lane_reminded"),
    )  # fmt: skip


async def ends_when_agreed(p: People) -> End:
    """A share for two seconds, taken back by the bot itself."""
    image = p.stage.images.ubuntu
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    await p.told("no longer shared with shop-dev", n)
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={image: only()}, audit=ONE,
        says=("Done and verified: base-ubuntu-24 shared with shop-dev", "no longer shared with shop-dev"),
    )  # fmt: skip


# -- people ---------------------------------------------------------------------------------------------------


async def breaks_the_glass(p: People) -> End:
    """And somebody else looks at it afterwards."""
    why = "INC-22 production is down and no lead answers"
    n = await p.asks(LEA, f"share base-debian-12 to shop-prod --break-glass because {why}")
    await p.press(LEA, "Break Glass", f"{n}.1")
    await p.press(SEC, "Reviewed, It Was Right", f"{n}.2")
    return End(
        request=n, lanes={f"{n}.1": "succeeded", f"{n}.2": "succeeded"}, decisions=2,
        shared={p.stage.images.debian: only(PROD)}, audit=(*ONE, "glass_broken", "glass_reviewed"),
        says=("broke the glass", "Done and verified: base-debian-12 shared with shop-prod", "has reviewed the breaking"),
    )  # fmt: skip


async def asks_why(p: People) -> End:
    n = await p.asks(BOB, "share base-debian-12 to shop-dev")
    await p.told("Done and verified", n)
    await p.command(ALICE, f"why #{n}")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={p.stage.images.debian: only(DEV)}, audit=ONE,
        private=((ALICE, f"Why #{n}:"),),
    )  # fmt: skip


async def presses_what_is_over(p: People) -> End:
    """A button that somebody's screen still shows."""
    n = await p.asks(ALICE, "share data-disk-1 to shop-prod because CHG-23")
    message, button = await p.stage.until(lambda: p.stage.button("Approve", f"{n}.1"), PATIENCE)
    await p.command(ALICE, f"cancel #{n}")
    await p.press_old(LEA, message, button)
    return End(
        request=n, lanes={f"{n}.1": "cancelled"}, shared={p.stage.images.data: only()}, says=("cancelled this part",),
        private=((LEA, "This no longer waits for a decision"),), audit=(*ONE, "click_refused"),
    )  # fmt: skip


async def asks_for_too_much(p: People) -> End:
    """Nothing is recorded but that somebody did."""
    said = await p.command(ALICE, "share base-ubuntu-24, base-debian-12 to shop-dev")
    assert "2 pairs" in said, said
    return End()


async def asks_for_nothing_there_is(p: People) -> End:
    n = await p.asks(ALICE, "share no-such-image to shop-dev")
    return End(
        request=n, private=((ALICE, f"Request #{n} cannot be carried out"),), audit=(*ONE, "request_refused")
    )


# -- facts ----------------------------------------------------------------------------------------------------


UNREADABLE = {"__imagetype": None}
"""Without it nobody can tell whether the image is encrypted."""


async def waits_for_facts(p: People) -> End:
    """Two images, perhaps encrypted: one turns out not to be, the other is."""
    one, two = (p.stage.ims.add_image(name, extra=UNREADABLE) for name in ("dim-one", "dim-two"))
    n = await p.asks(BOB, "share dim-one, dim-two to shop-dev")
    await p.stage.in_state("holding", f"{n}.1", PATIENCE)
    p.stage.ims.edit_image(one, extra={})
    p.stage.ims.edit_image(two, extra={}, encrypted=True)
    await p.told("Done and verified: dim-one shared with shop-dev", n)
    return End(
        request=n, lanes={f"{n}.1": "succeeded", f"{n}.2": "denied"}, shared={one: only(DEV), two: only()},
        says=("Done and verified: dim-one shared with shop-dev",), audit=(*ONE, "lane_planned_again"),
    )  # fmt: skip


async def is_cancelled_on_hold(p: People) -> End:
    image = p.stage.ims.add_image("dim-three", extra=UNREADABLE)
    n = await p.asks(BOB, "share dim-three to shop-dev")
    await p.stage.in_state("holding", f"{n}.1", PATIENCE)
    await p.command(BOB, f"cancel #{n}")
    return End(
        request=n, lanes={f"{n}.1": "cancelled"}, shared={image: only()}, says=("cancelled this part",), audit=ONE
    )  # fmt: skip


# -- many at once ---------------------------------------------------------------------------------------------


async def comes_with_many_others(p: People) -> tuple[End, ...]:
    """More results than the channel takes: said one by one or in a digest, each of them somewhere."""
    names = [f"one-of-many-{number}" for number in range(5)]
    images = [p.stage.ims.add_image(name) for name in names]
    asked = [
        await p.asks(who, f"share {name} to shop-dev")
        for who, name in zip((ALICE, BOB) * 3, names, strict=False)
    ]

    def told(n: int, name: str) -> bool:
        cards = p.stage.cards(n)
        top = [
            m for m in p.stage.slack.messages(CHANNEL) if m.thread_ts is None and "(request #" not in m.text
        ]
        one_by_one = any(f"Done and verified: {name}" in text for text in replies(p.stage, n))
        return bool(cards) and (one_by_one or any(f"#{n} " in f"{words(m)} " for m in top))

    for n, name in zip(asked, names, strict=True):
        await p.stage.until(lambda n=n, name=name: told(n, name), PATIENCE)  # type: ignore[misc]
    return tuple(
        End(request=n, lanes={f"{n}.1": "succeeded"}, shared={image: only(DEV)}, audit=ONE)
        for n, image in zip(asked, images, strict=True)
    )


async def goes_in_two_calls(p: People) -> End:
    """Two jobs for one image; the last one's reading proves both."""
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev, shop-test")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={p.stage.images.ubuntu: only(DEV, TEST)}, audit=ONE,
        says=("Done and verified: base-ubuntu-24 shared with",),
    )  # fmt: skip


# -- the bot's own house --------------------------------------------------------------------------------------


async def meets_another_policy(p: People) -> End:
    """The file is changed while it runs: from then on nobody has to approve."""
    await p.command(BOB, "help")
    p.stage.policy.write_text(POLICY.replace("require: {count: 1, from: [leads]}", "require: none"))
    await asyncio.sleep(3.5)  # it looks every two seconds
    n = await p.asks(BOB, "share base-debian-12 to shop-prod because CHG-24")
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={p.stage.images.debian: only(PROD)}, audit=ONE,
        says=("Done and verified: base-debian-12 shared with shop-prod",),
    )  # fmt: skip


async def an_old_log(stage: Stage) -> None:
    """Events of a month ago."""
    store, long_ago = SqliteStore(str(stage.database)), datetime.now(UTC) - timedelta(days=30)
    for minute in range(5):
        at = long_ago + timedelta(minutes=minute)
        await store.write(lambda tx, at=at: tx.record("bot_started", at=at, data={}))  # type: ignore[misc]
    await store.close()


async def forgets_what_is_old(p: People) -> End:
    """Old events go behind a seal, and each of them stands in the archive once."""
    await p.stage.until(lambda: _first_event(p.stage) > 5, PATIENCE)
    n = await p.asks(ALICE, "share base-ubuntu-24 to shop-dev")
    kept = (p.stage.folder / "old.jsonl").read_text().splitlines()
    assert len(kept) == 5, kept
    return End(
        request=n, lanes={f"{n}.1": "succeeded"}, shared={p.stage.images.ubuntu: only(DEV)}, audit=ONE,
        says=("Done and verified: base-ubuntu-24 shared with shop-dev",),
    )  # fmt: skip


def _first_event(stage: Stage) -> int:
    with closing(sqlite3.connect(stage.database)) as db:
        return int(db.execute("SELECT coalesce(min(id), 0) FROM events").fetchone()[0])


async def is_asked_whether_it_is_well(p: People) -> End:
    """By whoever watches over it, until it says yes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(aiohttp.ClientError):
                if p.stage.url and (await p.stage.page("/readyz"))[0] == 200:
                    return End()
            await asyncio.sleep(0.05)


RARE: Mapping[Act, Setup] = {
    is_never_decided: Setup(policy=policy(DEFAULTS, "defaults: {expires_after: 1s}")),
    is_reminded_of: Setup(policy=policy(DEFAULTS, "defaults: {expires_after: 24h, remind: [1s]}")),
    ends_when_agreed: Setup(policy=policy(SELF_SERVICE, f"{SELF_SERVICE}\n    share_for: 2s")),
    breaks_the_glass: Setup(policy=policy("rules:\n", f"{GLASS}\nrules:\n")),
    asks_why: Setup(),
    presses_what_is_over: Setup(),
    asks_for_too_much: Setup(policy=policy("max_pairs: 500", "max_pairs: 1")),
    asks_for_nothing_there_is: Setup(),
    goes_in_two_calls: Setup(settings={"max_projects_per_call": 1}),
    is_asked_whether_it_is_well: Setup(),
    forgets_what_is_old: Setup(settings={"audit_keep": "1d", "audit_archive": "old.jsonl"}, prepare=an_old_log),
    meets_another_policy: Setup(settings={"ops_channel": OPS}),
    comes_with_many_others: Setup(settings={"digest_above": 1}, posts_a_second=1.0, patience=45.0),
    waits_for_facts: Setup(patience=60.0),
    is_cancelled_on_hold: Setup(patience=60.0),
}  # fmt: skip
