"""The cloud misbehaves in every way it can. Whatever it does: nothing twice, no pair left untold, no word that is not true."""

from __future__ import annotations

import pytest

from tests.journeys.cast import ALICE, DEV, LEA, PROD, TEST
from tests.journeys.stage import stage

SHARE = "POST /v1/cloudimages/members"
FIND = "GET /v2/cloudimages"
JOB = "/v1/cloudimages/job/"
READ = "GET /v1/cloudimages/members"

NOT_DONE = ["500", "html", "empty", "lose_answer_before", "hang_before", "502", "504", "html:502"]
DONE = ["500_after", "html_after", "empty_after", "lose_answer_after", "hang_after"]
IN_HASTE = ("500", "lose_answer_before", "lose_answer_after", "hang_after", "html")


def quick_first(faults: list[str]) -> list[object]:
    """The most telling ones always, the rest where there is time."""
    return [one if one in IN_HASTE else pytest.param(one, marks=pytest.mark.slow) for one in faults]


@pytest.mark.parametrize("fault", quick_first(NOT_DONE))
async def test_a_lost_answer_is_read_back_before_anything_is_sent_again(fault: str) -> None:
    """The call was not carried out: it is sent again, but only after the member list was read."""
    async with stage() as s:
        s.ims.fault(fault, match=SHARE)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"

        assert s.added() == [(s.images.ubuntu, DEV)]
        posts = [i for i, call in enumerate(s.ims.calls) if f"{call.method} {call.path}" == SHARE]
        between = [call.method for call in s.ims.calls[posts[0] + 1 : posts[1]]]
        assert len(posts) == 2
        assert "GET" in between
        assert sum("Done and verified" in text for text in s.thread()) == 1


@pytest.mark.parametrize("fault", quick_first(DONE))
async def test_a_share_whose_answer_was_lost_is_not_sent_a_second_time(fault: str) -> None:
    """The call was carried out: the member list shows it, and that is the end."""
    async with stage() as s:
        s.ims.fault(fault, match=SHARE)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"

        assert s.added() == [(s.images.ubuntu, DEV)]
        assert len(s.ims.writes()) == 1
        assert sum("Done and verified" in text for text in s.thread()) == 1


@pytest.mark.parametrize(("fault", "posts"), [("429:1", 2), ("503", 2)])
async def test_a_throttled_share_is_sent_again_and_nobody_is_bothered(fault: str, posts: int) -> None:
    """Surely not carried out; to the people it is only a little slower."""
    async with stage() as s:
        s.ims.fault(fault, match=SHARE)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"

        assert len(s.ims.writes()) == posts
        assert s.added() == [(s.images.ubuntu, DEV)]
        assert (await s.lane())["state"] == "succeeded"
        assert len(s.thread()) == 1


@pytest.mark.parametrize("fault", ["refuse:IMG.0067", "403", "refuse:IMG.0027"])
async def test_a_refused_share_fails_in_the_clouds_words_and_can_be_retried(fault: str) -> None:
    """The thread says why, pair by pair; the same approvals serve for the second try."""
    async with stage() as s:
        s.ims.fault(fault, match=SHARE)
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.press(LEA, "Approve")
        await s.says("Failed: none of 1 pair went through")
        assert "the cloud refused" in s.shown()
        assert s.shared(s.images.ubuntu) == set()

        await s.press(LEA, "Retry Failed")
        await s.says("Done and verified")
        assert await s.settled(seconds=30) == "ended"
        assert (await s.lane("1.2"))["state"] == "succeeded"
        assert s.buttons() == []


@pytest.mark.parametrize("fault", ["429:1", "500", "html", pytest.param("hang_before", marks=pytest.mark.slow),
                                   pytest.param("empty", marks=pytest.mark.slow)])  # fmt: skip
async def test_a_cloud_that_cannot_be_asked_for_a_while_delays_the_plan_and_loses_nothing(fault: str) -> None:
    """A command that was acknowledged gets its card, later."""
    async with stage() as s:
        s.ims.fault(fault, match=FIND, times=4)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=40) == "ended"
        assert s.shared(s.images.ubuntu) == {DEV}


async def test_a_plan_the_cloud_refuses_to_help_with_ends_and_its_requester_is_told() -> None:
    """Not allowed to list images: no second try mends that, and silence would leave the requester waiting for ever."""
    async with stage() as s:
        s.ims.fault("403", match=FIND, times=50)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert "cannot be carried out" in await s.told(ALICE, "Request #1 cannot")
        assert await s.settled() == "refused"


async def test_a_plan_that_comes_to_nothing_in_time_expires_and_says_so() -> None:
    """The promise of the acknowledgement is kept or taken back, never forgotten."""
    async with stage(plan_timeout=1.5) as s:
        s.ims.fault("500", match=FIND, times=500)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert "could not be reached in time" in await s.told(ALICE, "Request #1 cannot", seconds=20)
        assert await s.settled() == "expired"


@pytest.mark.parametrize("fault", ["500", "429:1", "html", "lose_answer_before"])
async def test_a_job_that_cannot_be_asked_about_is_asked_about_again(fault: str) -> None:
    """What the status query does decides only when the member list is read."""
    async with stage() as s:
        s.ims.fault(fault, match=JOB, times=2)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"
        assert (await s.lane())["state"] == "succeeded"
        assert len(s.ims.writes()) == 1


@pytest.mark.parametrize("fault", ["500", "lose_answer_before"])
async def test_a_member_list_that_cannot_be_read_is_read_again(fault: str) -> None:
    """No outcome is told before the list was seen."""
    async with stage(job_seconds=1.0) as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        await s.in_state("running")
        s.ims.fault(fault, match="members", times=4)
        assert await s.settled(seconds=30) == "ended"
        assert (await s.lane())["state"] == "succeeded"


async def test_a_job_id_the_cloud_no_longer_knows_is_settled_by_the_member_list() -> None:
    """Jobs are kept for a while only."""
    async with stage() as s:
        s.ims.fault("job_absent", times=5)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled(seconds=30) == "ended"
        assert (await s.lane())["state"] == "succeeded"
        assert len(s.ims.writes()) == 1


async def test_a_failed_job_that_shared_everything_counts_as_done() -> None:
    """The member list is the truth, not the job's word."""
    async with stage() as s:
        s.ims.fault("job_fail_but_shared")
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "succeeded"
        assert "Done and verified" in s.thread()[-1]


async def test_a_failed_job_that_shared_nothing_is_told_with_the_clouds_reason() -> None:
    """With its code, so that somebody can look it up."""
    async with stage() as s:
        s.ims.fail_pair(s.images.ubuntu, DEV, "IMG.0112")
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "failed"
        assert "IMG.0112" in s.shown()
        assert s.buttons() == ["Retry Failed"]


async def test_a_successful_job_with_a_missing_pair_is_not_believed() -> None:
    """A success that is none is the worst thing a peer says."""
    async with stage() as s:
        s.ims.fault("job_success_but_missing")
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert await s.settled() == "ended"
        assert (await s.lane())["state"] == "failed"
        member = (await s.lane())["members"][0]
        assert (member["outcome"], bool(member["detail"])) == ("failed", True)
        assert not any("Done" in text for text in s.thread())


@pytest.mark.parametrize("lie", [False, True])
async def test_one_failing_pair_is_told_and_retried_alone(lie: bool) -> None:
    """Not one status for the whole batch; the pairs that went through are not sent again."""
    async with stage() as s:
        s.ims.fail_pair(s.images.ubuntu, TEST, "IMG.0088", times=1, lie=lie)
        await s.command(ALICE, "share base-ubuntu-24, base-debian-12 to shop-dev, shop-test")
        await s.says("Partly done: 3 of 4 pairs verified, 1 not")
        assert (await s.lane())["state"] == "partly_succeeded"

        await s.press(ALICE, "Retry Failed")
        assert await s.settled(seconds=30) == "ended"
        assert s.shared(s.images.ubuntu) == s.shared(s.images.debian) == {DEV, TEST}
        again = s.ims.writes()[-1].body
        assert (again["images"], again["projects"]) == ([s.images.ubuntu], [TEST])
        assert "nothing to retry" in await s.command(ALICE, "retry #1")
        assert s.buttons() == []


async def test_a_job_without_end_is_stuck_and_a_person_can_have_it_looked_at_again() -> None:
    """The thread says what is not known and what to do; nothing is sent again blindly."""
    async with stage(job_timeout=1) as s:
        s.ims.fault("job_never_ends")
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.press(LEA, "Approve")
        said = await s.says("Stuck", seconds=30)
        assert "press Check Again" in said
        assert s.ims.jobs[0].id in said

        s.ims.set_member(s.images.ubuntu, PROD)
        await s.press(ALICE, "Check Again")
        await s.says("Done and verified")
        assert await s.settled() == "ended"
        assert len(s.ims.writes()) == 1
        assert s.buttons() == []


async def test_refused_credentials_are_not_tried_until_the_key_is_locked() -> None:
    """More than five failures in a row lock the key; readiness says what is wrong."""
    async with stage() as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        await s.until(lambda: s.button("Approve", "1.1"))
        s.ims.fault("401", times=100)
        before = len(s.ims.calls)
        await s.press(LEA, "Approve")
        await s.until(lambda: len(s.ims.calls) > before)
        for user in (ALICE, LEA):
            await s.command(user, "who base-ubuntu-24")
            await s.told(user, "its operator has to mend its credentials")
        await s.says("approved")

        status, page = await s.page("/readyz")
        assert (status, '"cloud": {"ok": false' in page) == (503, True)
        assert len(s.ims.calls) - before <= 5
        assert s.added() == []


@pytest.mark.slow
async def test_a_refused_key_leaves_nobody_waiting_without_a_word() -> None:
    """A request that cannot be planned because of the credentials ends like any other that cannot be planned in time."""
    async with stage(plan_timeout=0.2) as s:
        s.ims.fault("401", times=100)
        await s.command(ALICE, "share base-ubuntu-24 to shop-dev")
        assert "its operator has to mend" in await s.told(ALICE, "Request #1 cannot", seconds=90)
        assert await s.settled() == "expired"
