"""The one thing the bot is for, from the typed command to the verified outcome, over both ways Slack can be reached."""

from __future__ import annotations

import pytest

from tests.journeys.cast import ALICE, BOB, DEV, LAB, LEA, LEO, PROD, SEC, TEST
from tests.journeys.seats import words
from tests.journeys.stage import stage

BOTH = pytest.mark.parametrize("mode", ["socket", "http"])
TWO_LANES = "share base-ubuntu-24, base-debian-12 to shop-dev, shop-prod because CHG-1042"


@BOTH
async def test_two_lanes_go_from_the_command_to_the_verified_outcome(mode: str) -> None:
    """The product in one story; if this fails nothing else matters."""
    async with stage(mode) as s:
        said = await s.command(ALICE, TWO_LANES)
        assert "Request #1 is recorded: 2 images, 2 projects" in said

        await s.says("Done and verified")
        await s.until(lambda: {"Approve", "Reject", "Cancel Request"} <= set(s.buttons()))
        assert sorted(s.added()) == sorted([(s.images.ubuntu, DEV), (s.images.debian, DEV)])
        assert "CHG-1042" in s.shown()

        await s.press(LEA, "Approve", lane="1.2")
        assert await s.settled() == "ended"

        assert s.shared(s.images.ubuntu) == s.shared(s.images.debian) == {DEV, PROD}
        assert s.buttons() == []
        assert len(s.cards()) == 1
        assert [text.split(":")[0] for text in s.thread() if "Done" in text] == ["Done and verified"] * 2
        assert any("approved" in text and "shop-prod" in text for text in s.thread())
        assert all(job.id in s.shown() for job in s.ims.jobs)
        assert "Approved by" in s.shown()


@BOTH
async def test_a_rejection_shares_nothing_and_says_why(mode: str) -> None:
    """Denied with no reason is a real complaint against a peer."""
    async with stage(mode) as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod because CHG-1")
        await s.reject(LEO, "use the June image")
        assert await s.settled() == "ended"

        assert (await s.lane())["state"] == "rejected"
        assert s.ims.writes() == []
        assert any("rejected it: use the June image" in text for text in s.thread())
        assert "use the June image" in s.shown()
        assert s.buttons() == []


async def test_two_groups_must_each_approve_for_a_partner() -> None:
    """One approval of two is no approval."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to acme-lab for 7d because CHG-7")
        await s.press(LEA, "Approve")
        said = await s.says("approved")
        assert "Still needed: 1 of security" in said
        assert s.ims.writes() == []

        await s.press(SEC, "Approve")
        assert await s.settled() == "ended"
        assert s.shared(s.images.ubuntu) == {LAB}
        assert (await s.lane())["members"][0]["shared_until"] is not None


async def test_what_was_shared_can_be_taken_back() -> None:
    """And is read back as gone, not taken on trust."""
    async with stage() as s:
        s.ims.set_member(s.images.ubuntu, DEV, "accepted")
        s.ims.set_member(s.images.ubuntu, PROD)
        await s.command(ALICE, "unshare base-ubuntu-24 from shop-dev because end of life")
        assert await s.settled() == "ended"

        assert s.shared(s.images.ubuntu) == {PROD}
        assert "no longer shared with shop-dev" in await s.says("Done and verified")


async def test_what_is_so_already_is_said_and_no_call_is_made() -> None:
    """The cloud may answer a repeated share with an error."""
    async with stage() as s:
        s.ims.set_member(s.images.ubuntu, DEV, "accepted")
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"

        assert s.ims.writes() == []
        assert "Already so, nothing to do" in s.shown()


async def test_reading_commands_answer_the_asker_alone() -> None:
    """status, list, who and help are for everybody and disturb nobody."""
    async with stage() as s:
        s.ims.set_member(s.images.ubuntu, TEST, "accepted")
        await s.command(ALICE, TWO_LANES)
        await s.says("Done and verified")
        before = len(s.slack.messages("C0IMAGES"))

        assert "asks to share base-ubuntu-24" in await s.command(BOB, "status #1")
        assert "1 request (open): #1" in await s.command(BOB, "list open")
        assert "No requests (mine)" in await s.command(BOB, "status")
        assert "share IMAGE" in await s.command(BOB, "help share")
        assert "/image share" in await s.command(BOB, "")
        await s.command(BOB, "who base-ubuntu-24")
        assert "shop-test" in await s.told(BOB, "base-ubuntu-24 is shared with")
        await s.quiet()
        assert len(s.slack.messages("C0IMAGES")) == before


async def test_the_status_shows_the_card_without_its_buttons() -> None:
    """A private copy could not be brought up to date, so it must not be pressable."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        await s.command(BOB, "status 1")

        copy = s.slack.ephemerals(BOB)[-1]
        assert "Waiting for approval" in words(copy)
        assert s.slack.buttons(copy.channel, copy.ts) == []


async def test_the_requester_can_cancel_by_word_and_by_button() -> None:
    """Both before anything was sent; the thread says who."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.press(ALICE, "Cancel Request")
        assert await s.settled(1) == "ended"
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "2.1"))
        assert "Only the person who asked" in await s.command(BOB, "cancel #2")
        assert "#2" in await s.command(ALICE, "cancel #2")
        assert await s.settled(2) == "ended"

        assert s.ims.writes() == []
        assert [(await s.lane(id))["state"] for id in ("1.1", "2.1")] == ["cancelled", "cancelled"]
        assert "cancelled this part" in s.thread(1)[0]
        assert s.buttons(1) == s.buttons(2) == []


async def test_an_unknown_image_is_refused_with_the_nearest_name() -> None:
    """Known only after the acknowledgement; it must reach the requester all the same."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubunt-24 to shop-dve")
        said = await s.told(ALICE, "cannot be carried out")

        assert "Did you mean base-ubuntu-24?" in said
        assert "Did you mean shop-dev?" in said
        assert await s.settled() == "refused"
        assert s.slack.messages("C0IMAGES") == []


async def test_what_the_policy_forbids_is_denied_with_rule_and_reason() -> None:
    """Deny wins, says which rule, and nothing is sent."""
    async with stage() as s:
        await s.command(ALICE, "share vault-1 to shop-dev")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "denied"
        assert "Encrypted images cannot be shared." in s.shown()
        assert "encrypted-image" in s.shown()

        await s.command(LEO, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(2) == "ended"
        assert (await s.lane("2.1"))["state"] == "denied"
        assert s.ims.writes() == []


async def test_a_dry_run_shows_the_plan_to_its_author_and_leaves_no_trace() -> None:
    """Asking first must cost nobody anything."""
    async with stage() as s:
        await s.command(ALICE, f"{TWO_LANES} --dry-run")
        plan = await s.until(
            lambda: next((m for m in s.slack.ephemerals(ALICE) if "1 of leads" in words(m) + m.text), None)
        )
        assert "shop-prod" in words(plan)
        assert s.slack.buttons(plan.channel, plan.ts) == []
        await s.quiet()
        assert await s.tree() == {}
        assert s.slack.messages("C0IMAGES") == []
        assert s.ims.writes() == []


async def test_why_names_the_rules_to_the_asker_alone() -> None:
    """A person who waits should not have to read the policy."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        await s.command(BOB, "why #1")
        answer = await s.until(lambda: next((m for m in s.slack.ephemerals(BOB) if "Why #1" in m.text), None))
        assert "prod" in words(answer)
        assert "1 of leads" in answer.text
        await s.quiet()


@BOTH
async def test_exactly_the_chosen_pairs_run_and_the_rest_waits_on(mode: str) -> None:
    """Half of a good request is better than none of it."""
    async with stage(mode) as s:
        await s.command(ALICE, "share base-ubuntu-24, base-debian-12 to shop-prod")
        await s.press(LEA, "Approve Some…")
        view = s.slack.view_of(LEA)
        assert view is not None
        chosen = [f"{s.images.ubuntu}|{PROD}"]
        await s.slack.submit_view(LEA, view["id"], {("pairs", "choice"): chosen})
        await s.says("Done and verified")
        assert s.added() == [(s.images.ubuntu, PROD)]

        waiting = next(one["id"] for one in (await s.tree())["lanes"] if one["state"] == "awaiting_approval")
        await s.press(LEO, "Approve", lane=waiting)
        assert await s.settled() == "ended"
        assert s.shared(s.images.debian) == {PROD}
        assert s.buttons() == []
