"""From an approved lane to the outcome of each pair: submitting, polling, reading back, and every way that can go wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.model import Action, ClickKind, Job, Limits
from bot.domain.states import JobState, LaneState, MemberOutcome
from tests.stories.world import ALICE, DEV, EVE, LAB, LEA, POLICY, PROD, World

SELF_SERVICE = POLICY.replace("project.env: {eq: dev}", "project.env: {in: [dev, prod, partner]}")


def free(limits: Limits | None = None) -> World:
    """A world in which engineers may share anything with anybody but acme-lab's extra approvals."""
    policy = POLICY.replace("project.env: {eq: dev}", "project.env: {in: [dev]}")
    return World(policy, limits)


async def shared(world: World, text: str = "share base to shop-dev") -> None:
    await world.types(ALICE, text)
    await world.passes(minutes=5)


async def test_a_refusal_fails_its_pairs_with_the_clouds_words() -> None:
    """400 with a code: nothing is sent again, the member list is read all the same."""
    world = free()
    image = world.cloud.put_image("base")
    world.cloud.fail("refuse", method="submit", code="IMG.0067")
    await shared(world)

    (member,) = await world.members()
    assert member.outcome is MemberOutcome.FAILED
    assert "refused" in member.detail
    assert len(world.cloud.submitted) == 1
    assert world.cloud.called("members") >= 2
    assert (await world.lane()).state is LaneState.FAILED
    assert world.cloud.members_of(image) == {}


async def test_throttling_only_delays() -> None:
    """429 becomes a later due time, and the call is made once."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.fail("busy", method="submit", times=3, retry_after=7.0)
    await shared(world)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert len(world.cloud.effects) == 1
    (job,) = await world.jobs()
    assert job.submits == 1


async def test_a_lost_answer_is_not_sent_again_when_it_took_effect() -> None:
    """The member list is read before anything is sent a second time."""
    world = free()
    image = world.cloud.put_image("base")
    world.cloud.fail("lose_after", method="submit")
    await shared(world)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert len(world.cloud.submitted) == 1
    assert world.cloud.members_of(image) == {DEV: "pending"}
    assert world.cloud.redundant == []


async def test_a_lost_answer_whose_effect_shows_late_is_waited_for() -> None:
    """The job was accepted and still works while the list is first read."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.reads_to_show = 3
    world.cloud.fail("lose_after", method="submit")
    await shared(world)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert len(world.cloud.submitted) == 1


async def test_a_lost_answer_without_effect_is_sent_again_after_reading() -> None:
    """And then it succeeds; the first job is closed, not forgotten."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.fail("lose_before", method="submit")
    await shared(world)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert len(world.cloud.effects) == 1
    reads_before = [name for name, _ in world.cloud.calls]
    first, second = [i for i, name in enumerate(reads_before) if name == "submit"]
    assert reads_before[first + 1 : second].count("members") >= Limits().settle_reads


async def test_a_call_that_is_lost_every_time_fails_with_words() -> None:
    """No endless repetition."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.fail("lose_before", method="submit", times=99)
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=30)

    assert len(world.cloud.submitted) <= Limits().max_submits
    assert (await world.lane()).state is LaneState.FAILED
    assert "3 times" in (await world.members())[0].detail


async def test_half_of_a_lost_call_took_effect_and_only_the_rest_is_sent_again() -> None:
    """Each pair has its own outcome."""
    world = free()
    one, two = world.cloud.put_image("one"), world.cloud.put_image("two")
    world.cloud.fail("lose_before", method="submit")
    await world.types(ALICE, "share one, two to shop-dev")
    await world.works()
    world.cloud.put_member(one, DEV)
    await world.passes(minutes=5)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert [call.images for call in world.cloud.submitted[1:]] == [(two,)]
    assert world.cloud.redundant == []


@pytest.mark.parametrize(
    ("ending", "state", "word"),
    [
        ("fail", LaneState.FAILED, "IMG.0112"),
        ("fail_but_shared", LaneState.SUCCEEDED, ""),
        ("success_but_missing", LaneState.FAILED, "reported success"),
        ("absent", LaneState.FAILED, "no longer knew"),
    ],
)
async def test_what_the_job_says_is_never_the_outcome(ending: str, state: LaneState, word: str) -> None:
    """Only the read-back is."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.end_next_job(ending)  # type: ignore[arg-type]
    await shared(world)

    assert (await world.lane()).state is state
    assert word in (await world.members())[0].detail
    assert len(world.cloud.submitted) == 1


async def test_a_job_that_never_ends_is_said_to_be_stuck_and_can_be_looked_at_again() -> None:
    """Stuck is told with what a person can do; it is not sent again blindly."""
    world = free()
    image = world.cloud.put_image("base")
    world.cloud.end_next_job("never")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(hours=1)
    assert (await world.lane()).state is LaneState.STUCK
    assert "Check Again" in world.thread()[-1]
    assert len(world.cloud.submitted) == 1

    world.cloud.put_member(image, DEV)
    await world.presses(ALICE, ClickKind.RETRY)
    await world.passes(minutes=2)
    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert len(world.cloud.submitted) == 1


async def test_a_job_that_ended_while_the_bot_was_down_is_not_timed_out() -> None:
    """After downtime: first try to finish, only then time out."""
    world = free()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.works()
    world.clock.time += timedelta(hours=5)
    world.cloud.settle()
    await world.passes(minutes=1)

    assert (await world.lane()).state is LaneState.SUCCEEDED


async def test_one_failing_pair_touches_only_itself_and_can_be_retried_alone() -> None:
    """The others are verified; Retry sends just the failed one, under the same approvals."""
    world = free()
    one, two = world.cloud.put_image("one"), world.cloud.put_image("two")
    world.cloud.fail_pair(two, PROD, times=1)
    await world.types(ALICE, "share one, two to shop-prod")
    await world.works()
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(minutes=5)
    assert (await world.lane()).state is LaneState.PARTLY_SUCCEEDED
    assert {m.image.name: m.outcome for m in await world.members()} == {
        "one": MemberOutcome.DONE, "two": MemberOutcome.FAILED,
    }  # fmt: skip

    await world.presses(EVE, ClickKind.RETRY)
    await world.works()
    assert len(world.cloud.submitted) == 1
    await world.presses(ALICE, ClickKind.RETRY)
    await world.presses(ALICE, ClickKind.RETRY)
    await world.passes(minutes=5)
    assert (await world.lane("1.2")).state is LaneState.SUCCEEDED
    assert [call.pairs for call in world.cloud.submitted[1:]] == [((two, PROD),)]
    assert world.cloud.members_of(one) == {PROD: "pending"}


async def test_a_retry_is_judged_again_by_the_policy() -> None:
    """The same approvals, while the policy still agrees."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.end_next_job("fail")
    await shared(world)
    world.policy = World(POLICY.replace("project.env: {eq: dev}", "project.env: {eq: nowhere}")).policy
    await world.presses(ALICE, ClickKind.RETRY)
    await world.passes(minutes=5)

    assert len(world.cloud.submitted) == 1
    assert (await world.lane("1.2")).state is LaneState.DENIED


async def test_refused_credentials_are_waited_out_and_nothing_is_lost() -> None:
    """A 401 is never retried in a loop: it locks the key."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.fail("auth", method="submit", times=2)
    await shared(world)

    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert world.cloud.called("submit") == 3


async def test_a_member_list_that_cannot_be_read_for_long_makes_the_lane_stuck() -> None:
    """Every lane ends or says that it is stuck."""
    world = free()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.works()
    world.cloud.fail("down", method="members", times=999)
    await world.passes(hours=3)

    assert (await world.lane()).state is LaneState.STUCK
    assert "cannot be read" in world.thread()[-1]


async def test_many_pairs_go_in_few_exact_calls() -> None:
    """30 images x 3 projects with limits per call: full rectangles, each pair once."""
    world = World(SELF_SERVICE, Limits(max_images_per_call=10, max_projects_per_call=2))
    images = [world.cloud.put_image(f"image-{n}") for n in range(30)]
    await world.types(ALICE, f"share {', '.join(f'image-{n}' for n in range(30))} to shop-dev, shop-prod")
    await world.works()
    for lane in await world.lanes():
        if lane.state is LaneState.AWAITING_APPROVAL:
            await world.presses(LEA, ClickKind.APPROVE, lane.id)
    await world.passes(minutes=5)

    sent = [pair for call in world.cloud.submitted for pair in call.pairs]
    assert sorted(sent) == sorted((image, project) for image in images for project in (DEV, PROD))
    assert len(sent) == len(set(sent))
    assert all(len(call.images) <= 10 and len(call.projects) <= 2 for call in world.cloud.submitted)
    assert all(world.cloud.members_of(image) == {DEV: "pending", PROD: "pending"} for image in images)


async def test_a_pair_is_never_in_two_calls_at_once() -> None:
    """Two people ask for the same pair in the same second."""
    world = free()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.types(LEA, "share base to shop-dev")
    await world.passes(minutes=5)

    assert len(world.cloud.effects) == 1
    assert world.cloud.redundant == []
    assert (await world.lane("2.1")).state is LaneState.SUCCEEDED


async def test_unsharing_is_verified_by_absence() -> None:
    """Gone from the list, or it is not done."""
    world = free()
    image = world.cloud.put_image("base")
    world.cloud.put_member(image, DEV, "accepted")
    await world.types(ALICE, "unshare base from shop-dev, shop-prod")
    await world.passes(minutes=5)

    assert world.cloud.members_of(image) == {}
    outcomes = {
        m.project.name: m.outcome for lane in await world.lanes() for m in await world.members(lane.id)
    }
    assert outcomes == {"shop-dev": MemberOutcome.DONE, "shop-prod": MemberOutcome.NOTHING_TO_DO}
    assert [call.action for call in world.cloud.submitted] == [Action.UNSHARE]


async def test_a_share_for_a_time_is_taken_back_once() -> None:
    """30 days later, under the approvals the share had, in the same thread."""
    world = free()
    image = world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev for 30d")
    await world.passes(days=29)
    assert world.cloud.members_of(image) == {DEV: "pending"}
    await world.passes(days=3)

    assert world.cloud.members_of(image) == {}
    assert [call.action for call in world.cloud.submitted] == [Action.SHARE, Action.UNSHARE]
    assert len(world.roots()) == 1
    assert "no longer shared" in world.thread()[-1]


async def test_a_share_that_was_prolonged_is_not_taken_back() -> None:
    """A later request for the same pair, for longer, wins."""
    world = free()
    image = world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev for 2d")
    await world.passes(days=1)
    world.cloud.drop_member(image, DEV)
    await world.types(ALICE, "share base to shop-dev for 30d")
    await world.passes(days=5)

    assert world.cloud.members_of(image) == {DEV: "pending"}
    assert any("kept" in text for text in world.thread())


async def test_cancelling_a_queued_lane_withdraws_its_calls() -> None:
    """Throttled and not yet sent: it can still be stopped."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.fail("busy", method="submit", times=99, retry_after=60.0)
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(seconds=5)
    answer = await world.types(ALICE, "cancel #1")
    await world.passes(hours=1)

    assert "cancelled" in answer.text
    assert (await world.lane()).state is LaneState.CANCELLED
    assert [job.state for job in await world.jobs()] == [JobState.DONE]
    assert world.cloud.effects == []


async def test_the_length_of_a_job_is_learned_from() -> None:
    """The pace is told of every end."""
    world = free()
    world.cloud.put_image("base")
    await shared(world)

    assert [type(job) for job in world.pace.seen] == [Job]
    assert LAB not in world.cloud.absent_projects


async def test_a_wait_for_the_operator_is_said_in_the_thread() -> None:
    """Approved and silent for hours is a broken promise."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.fail("auth", method="submit", times=9)
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=20)

    assert (
        sum("its operator has to mend" in text or "operator has to mend" in text for text in world.thread())
        == 1
    )
    assert (await world.lane()).state is LaneState.SUCCEEDED


async def test_an_approved_lane_whose_facts_cannot_be_read_ends_with_words() -> None:
    """It waits for a while, not for ever."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod")
    await world.works()
    world.clock.time += timedelta(minutes=5)
    await world.presses(LEA, ClickKind.APPROVE)
    world.cloud.fail("down", method="find_images", times=10_000)
    await world.passes(hours=12)

    assert (await world.lane()).state is LaneState.EXPIRED
    assert "could not be found out" in world.thread()[-1]


async def test_a_wait_after_a_first_call_does_not_promise_that_it_can_be_cancelled() -> None:
    """The first call was lost and not carried out; what is sent again later cannot be called back."""
    world = free()
    world.cloud.put_image("base")
    world.cloud.fail("lose_before", method="submit")
    world.cloud.fail("auth", method="submit", times=4)
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=10)

    said = [text for text in world.thread() if "credentials" in text]
    assert len(said) == 1
    assert "cancel" not in said[0]
    assert "Nothing was sent" not in said[0]
    assert (await world.lane()).state is LaneState.SUCCEEDED
