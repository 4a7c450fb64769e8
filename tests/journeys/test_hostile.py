"""People, and machines that pretend to be people, who mean harm or are merely clumsy. Nothing happens that was not allowed,
nobody is mentioned who was not meant, and everybody is told."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.journeys import evidence
from tests.journeys.cast import ALICE, BOB, CHANNEL, EVE, FOREIGN, GUEST, LEA, LEO, PROD
from tests.journeys.stage import Stage, stage

TO_PROD = "share base-ubuntu-24 to shop-prod"
BIDI = "‮"


async def waiting(s: Stage, text: str = TO_PROD) -> None:
    """A card that waits for a lead."""
    await s.command(ALICE, text)
    await s.until(lambda: s.button("Approve", "1.1"))
    await s.quiet()


# -- words --


async def test_typed_mark_up_neither_mentions_nor_decorates_nor_hides() -> None:
    """The stage checks the mentions at its end; here: that it is shown literally."""
    async with stage() as s:
        reason = f"<!channel> <!subteam^S0SEC> <@{EVE}> @channel @here *bold* `code` ~no~ {BIDI}gnp.exe http://evil.example & <b>"
        await waiting(s, f"{TO_PROD} because {reason}")
        shown = s.shown()
        assert "*bold*" in shown
        assert "`code`" in shown
        assert "gnp.exe" in shown
        await s.reject(LEA, f"<!everyone> <@{EVE}> *no* {BIDI}gnp.exe")
        assert await s.settled() == "ended"
        assert "[U+202E]gnp.exe" in s.shown()
        assert BIDI not in shown + s.shown() + "".join(m.text for m in s.slack.messages(CHANNEL))
        assert not {EVE, "!channel", "!here", "!everyone"} & evidence.notified(s.slack)
        marked = json.dumps([message for _, message in evidence.messages(s.slack)])
        assert "<!channel>" not in s.card().text
        assert '"type": "broadcast"' not in marked


async def test_a_name_from_the_cloud_is_shown_as_harmlessly_as_a_typed_one() -> None:
    """Image names are other people's text too."""
    async with stage() as s:
        await s.command(ALICE, f"share {s.images.hostile} to shop-dev")
        assert await s.settled() == "ended"
        await s.command(ALICE, f"who {s.images.hostile}")
        await s.told(ALICE, "is shared with 1 project")
        await s.quiet()
        assert BIDI not in "".join(m.text for m in s.slack.messages(CHANNEL))
        assert EVE not in evidence.notified(s.slack)
        assert "*x*" in s.shown()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "/image share"),
        ("shar base-ubuntu-24 to shop-dev", "Did you mean share"),
        ("frobnicate", "Nothing was recorded"),
        ('share "base-ubuntu-24 to shop-dev', "Nothing was recorded"),
        ("share base-ubuntu-24", "Nothing was recorded"),
        ("share to shop-dev", "Nothing was recorded"),
        ("share base-ubuntu-24 to shop-dev for ever and a day", "Nothing was recorded"),
        ("status #abc", "Nothing was recorded"),
        ("status #999999999999999999999999", ""),
        ("cancel", "Nothing was recorded"),
        ("share " + "x" * 3000 + " to shop-dev", ""),
        ("\x00\x01\x02 \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "Nothing was recorded"),
        ("share " + ", ".join(f"image-{i}" for i in range(167)) + " to shop-dev, shop-test, shop-prod", "501 pairs"),
    ],
)  # fmt: skip
async def test_a_command_that_makes_no_sense_is_answered_and_changes_nothing(text: str, part: str) -> None:
    """Privately, at once, with the nearest right thing to type."""
    async with stage() as s:
        said = await s.command(ALICE, text)
        assert part in said
        await s.quiet()
        assert await s.tree() == {} or (await s.tree())["state"] == "refused"
        assert s.slack.messages(CHANNEL) == []
        assert s.ims.writes() == []


@pytest.mark.parametrize("id", ["9c61004714024f9586705d090530f9f", "d164b5df-1bc3-4c3f-893e-3e471fd16e64", "../../etc/passwd",
                                "'; DROP TABLE request; --", "%00", "base-ubuntu-24?limit=1"])  # fmt: skip
async def test_an_id_of_a_wrong_form_finds_nothing_and_harms_nothing(id: str) -> None:
    """References travel into URLs and queries."""
    async with stage() as s:
        said = await s.command(ALICE, f'share "{id}" to shop-dev')
        if "recorded:" in said:
            assert "cannot be carried out" in await s.told(ALICE, "cannot be carried out")
            assert await s.settled() == "refused"
        else:
            assert "Nothing was recorded" in said
        assert s.ims.writes() == []


# -- clicks --


@pytest.mark.parametrize("user", [EVE, BOB, ALICE, GUEST, FOREIGN])
async def test_a_click_of_somebody_without_the_right_is_ignored_and_answered(user: str) -> None:
    """Nobody, an engineer, the requester, a guest and a foreigner whom somebody put into the group."""
    async with stage() as s:
        await waiting(s)
        await s.press(user, "Approve")
        assert "Your click was not counted" in await s.told(user, "Your click was not counted")
        await s.quiet()
        assert (await s.lane())["state"] == "awaiting_approval"
        assert "click_refused" in await s.kinds()
        assert s.ims.writes() == []
        assert {"Approve", "Reject", "Cancel Request"} <= set(s.buttons())


@pytest.mark.parametrize("user", [EVE, FOREIGN])
async def test_a_rejection_of_somebody_without_the_right_is_ignored_and_answered(user: str) -> None:
    """Otherwise anybody could stop everything."""
    async with stage() as s:
        await waiting(s)
        await s.reject(user, "because I can")
        await s.told(user, "Your click was not counted")
        await s.quiet()
        assert (await s.lane())["state"] == "awaiting_approval"


async def test_only_the_requester_can_press_cancel() -> None:
    """A lead who does not want it rejects it, with a reason."""
    async with stage() as s:
        await waiting(s)
        await s.press(LEA, "Cancel Request")
        await s.told(LEA, "Your click was not counted")
        await s.quiet()
        assert (await s.lane())["state"] == "awaiting_approval"


async def test_a_double_click_is_one_decision_and_the_second_is_told() -> None:
    """Two clicks, two effects: a real complaint against a peer."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to acme-lab")
        await s.until(lambda: s.button("Approve", "1.1"))
        await asyncio.gather(s.press(LEA, "Approve"), s.press(LEA, "Approve"))
        await s.told(LEA, "You have already decided")
        await s.quiet()
        assert len((await s.lane())["decisions"]) == 1
        assert s.ims.writes() == []


async def test_of_two_leads_at_the_same_moment_one_decides_and_one_is_told() -> None:
    """The share runs once."""
    async with stage() as s:
        await waiting(s)
        await asyncio.gather(s.press(LEA, "Approve"), s.press(LEO, "Approve"))
        assert await s.settled() == "ended"
        told = [t for user in (LEA, LEO) for t in s.private(user) if "not counted" in t]
        assert len(told) == 1
        assert len((await s.lane())["decisions"]) == 1
        assert s.added() == [(s.images.ubuntu, PROD)]
        assert len(s.ims.writes()) == 1


async def test_an_approval_and_a_rejection_at_the_same_moment_have_one_winner() -> None:
    """And the thread tells only the winner's story."""
    async with stage() as s:
        await waiting(s)
        await s.press(LEO, "Reject")
        view = s.slack.view_of(LEO)
        assert view is not None
        form = {("imagebot.reason", "imagebot.reason.text"): "no"}
        await asyncio.gather(s.press(LEA, "Approve"), s.slack.submit_view(LEO, view["id"], form))
        assert await s.settled() == "ended"
        state = (await s.lane())["state"]
        assert (state, s.shared(s.images.ubuntu)) in [("succeeded", {PROD}), ("rejected", set())]
        assert sum("approved" in t or "rejected it" in t for t in s.thread()) == 1


async def test_a_click_on_an_old_screen_of_a_settled_card_is_told_where_it_stands() -> None:
    """People leave cards open over lunch."""
    async with stage() as s:
        await waiting(s)
        message, button = await s.until(lambda: s.button("Approve", "1.1"))
        await s.press(LEA, "Approve")
        assert await s.settled() == "ended"
        s.acted.add(LEO)
        await s.slack.click(LEO, CHANNEL, message.ts, button.action_id, button.value, stale=True)
        assert "done and verified" in await s.told(LEO, "no longer waits for a decision")
        await s.quiet()
        assert len(s.ims.writes()) == 1


@pytest.mark.parametrize("value", ["1.1|0000000000000000", "99.1|{hash}", "1.9|{hash}", "1.1", "", "x" * 1900,
                                   "1.1|{hash}|and more", "-1.1|{hash}", "1.1|' OR 1=1", "999999999999999999999.1|{hash}"])  # fmt: skip
async def test_a_forged_button_value_approves_nothing(value: str) -> None:
    """Whatever a client sends, all but the two ids is read from the store, and these must fit."""
    async with stage() as s:
        await waiting(s)
        message, button = await s.until(lambda: s.button("Approve", "1.1"))
        plan_hash = str(button.value).split("|")[1]
        s.acted.add(LEA)
        await s.slack.click(
            LEA, CHANNEL, message.ts, button.action_id, value.replace("{hash}", plan_hash), block_id=button.block_id
        )  # fmt: skip
        await s.until(lambda: s.private(LEA))
        await s.quiet()
        assert (await s.lane())["state"] == "awaiting_approval"
        assert (await s.lane())["decisions"] == []
        assert s.ims.writes() == []


async def test_an_approval_for_another_plan_hash_is_refused_as_out_of_date() -> None:
    """Approvals bind to exactly the content that was seen."""
    async with stage() as s:
        await waiting(s)
        await s.command(ALICE, "share base-debian-12 to shop-prod")
        other, strange = await s.until(lambda: s.button("Approve", "2.1"))
        message, button = await s.until(lambda: s.button("Approve", "1.1"))
        forged = f"1.1|{str(strange.value).split('|')[1]}"
        s.acted.add(LEA)
        await s.slack.click(LEA, CHANNEL, message.ts, button.action_id, forged, block_id=button.block_id)
        await s.told(LEA, "out of date")
        await s.quiet()
        assert s.ims.writes() == []
        assert other.ts != message.ts


async def test_an_empty_reason_or_a_closed_form_rejects_nothing() -> None:
    """White space is no reason."""
    async with stage() as s:
        await waiting(s)
        await s.reject(LEA, "   ")
        assert s.slack.errors_of(LEA) != {}
        view = s.slack.view_of(LEA)
        assert view is not None
        await s.slack.close_view(LEA, view["id"])
        await s.quiet()
        assert (await s.lane())["state"] == "awaiting_approval"


async def test_the_same_form_sent_twice_rejects_once() -> None:
    """Slack's client may send it again after a slow answer."""
    async with stage() as s:
        await waiting(s)
        delivery = await s.reject(LEA, "no")
        await s.slack.redeliver(delivery)
        assert await s.settled() == "ended"
        assert len((await s.lane())["decisions"]) == 1
        assert len(s.thread()) == 1
