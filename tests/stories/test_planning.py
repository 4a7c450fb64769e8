"""From a typed command to lanes: what is looked up, judged, shown and refused."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.states import LaneState, MemberOutcome, RequestState
from tests.stories.world import ALICE, BOB, CHANNEL, DEV, EVE, POLICY, PROD, World


async def test_a_mixed_request_is_split_into_lanes_by_what_they_need() -> None:
    """One status for a batch is a complaint against every peer."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev, shop-prod, acme-lab because CHG-1")
    await world.works()

    states = {lane.id: lane.state for lane in await world.lanes()}
    assert states["1.1"] is not LaneState.AWAITING_APPROVAL
    assert states["1.2"] is states["1.3"] is LaneState.AWAITING_APPROVAL
    assert len(world.roots()) == 1


async def test_an_unknown_image_is_refused_with_the_nearest_name() -> None:
    """A typo must cost one look, not a search."""
    world = World()
    world.cloud.put_image("base-ubuntu-24")
    await world.types(ALICE, "share base-ubunut-24 to shop-dev")
    await world.works()

    assert (await world.request()).state is RequestState.REFUSED
    assert "base-ubuntu-24" in world.told()[-1]
    assert world.cloud.submitted == []
    assert world.roots() == []


async def test_an_unknown_project_and_an_unknown_image_are_told_together() -> None:
    """One round trip, all problems."""
    world = World()
    await world.types(ALICE, "share nothing-such to shop-deb")
    await world.works()

    assert "nothing-such" in world.told()[-1]
    assert "shop-dev" in world.told()[-1]


async def test_an_ambiguous_name_is_refused_with_the_ids() -> None:
    """Guessing which image was meant is how the wrong one gets shared."""
    world = World()
    one, two = world.cloud.put_image("base"), world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev")
    await world.works()

    assert one in world.told()[-1]
    assert two in world.told()[-1]


async def test_an_encrypted_image_is_denied_by_the_rule_that_says_so() -> None:
    """A refusal names the rule and is on the card."""
    world = World()
    world.cloud.put_image("vault", encrypted=True)
    await world.types(ALICE, "share vault to shop-dev")
    await world.passes(seconds=5)

    lane = await world.lane()
    assert lane.state is LaneState.DENIED
    assert lane.verdict.rules == ("encrypted-image",)
    assert "Encrypted images cannot be shared" in world.card().message.text
    assert world.cloud.submitted == []
    assert (await world.request()).state is RequestState.ENDED


async def test_what_is_already_shared_is_said_and_not_sent() -> None:
    """A second add is not asked of the cloud."""
    world = World()
    image = world.cloud.put_image("base")
    world.cloud.put_member(image, DEV, "accepted")
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(seconds=5)

    assert [m.outcome for m in await world.members()] == [MemberOutcome.NOTHING_TO_DO]
    assert world.cloud.submitted == []
    assert "Already so" in world.card().message.text


async def test_a_rejected_share_may_be_offered_again() -> None:
    """Vendor's FAQ: after a rejection the owner shares again."""
    world = World()
    image = world.cloud.put_image("base")
    world.cloud.put_member(image, DEV, "rejected")
    await world.types(ALICE, "share base to shop-dev")
    await world.works()

    assert [m.outcome for m in await world.members()] == [MemberOutcome.PENDING]


async def test_an_unknown_fact_holds_and_goes_on_when_it_is_known() -> None:
    """Unknown holds: neither shared nor refused."""
    world = World()
    image = world.cloud.put_image("base", encrypted=None)
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=5)
    assert (await world.lane()).state is LaneState.HOLDING
    assert world.cloud.submitted == []

    world.cloud.edit_image(image, encrypted=False)
    await world.passes(minutes=2)
    assert (await world.lane()).state is LaneState.SUCCEEDED
    assert world.cloud.members_of(image) == {DEV: "pending"}


async def test_another_reason_to_wait_is_not_said_in_the_thread() -> None:
    """A fact that comes and goes would fill it twice a minute; the card says what is waited for."""
    world = World()
    image = world.cloud.put_image("base", encrypted=None)
    await world.types(ALICE, "share base to shop-dev")
    await world.works()
    first = (await world.lane()).verdict.why
    world.cloud.edit_image(image, encrypted=False)
    world.people.break_usergroup("S0ENG")
    await world.passes(minutes=2)

    lane = await world.lane()
    assert (lane.state, lane.verdict.why == first) == (LaneState.HOLDING, False)
    assert world.thread() == []


async def test_a_lane_on_hold_expires_and_says_what_was_unknown() -> None:
    """Every lane ends."""
    world = World()
    world.cloud.put_image("base", encrypted=None)
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(hours=25)

    lane = await world.lane()
    assert lane.state is LaneState.EXPIRED
    assert any("could not be found out" in text for text in world.thread())


async def test_members_of_a_held_lane_part_when_their_verdicts_do() -> None:
    """One becomes free, one is refused: neither waits for the other."""
    world = World()
    one, two = world.cloud.put_image("one", encrypted=None), world.cloud.put_image("two", encrypted=None)
    await world.types(ALICE, "share one, two to shop-dev")
    await world.works()
    world.cloud.edit_image(one, encrypted=False)
    world.cloud.edit_image(two, encrypted=True)
    await world.passes(minutes=2)

    assert world.cloud.members_of(one) == {DEV: "pending"}
    assert world.cloud.members_of(two) == {}
    assert {lane.state for lane in await world.lanes()} == {LaneState.SUCCEEDED, LaneState.DENIED}


async def test_a_cloud_that_is_away_is_waited_for_and_then_given_up_with_words() -> None:
    """Nothing is lost meanwhile, and nobody waits for ever."""
    world = World()
    world.cloud.put_image("base")
    world.cloud.fail("down", method="find_images", times=1000)
    await world.types(ALICE, "share base to shop-dev")
    await world.passes(minutes=5)
    assert (await world.request()).state is RequestState.PLANNING

    await world.passes(minutes=20)
    assert (await world.request()).state is RequestState.EXPIRED
    assert "could not be reached in time" in world.told()[-1]


async def test_a_group_that_cannot_be_read_holds() -> None:
    """Fails closed: unknown is neither in nor out."""
    world = World()
    world.cloud.put_image("base")
    world.people.break_usergroup("S0ENG")
    await world.types(ALICE, "share base to shop-dev")
    await world.works()

    assert (await world.lane()).state is LaneState.HOLDING


async def test_somebody_in_no_group_is_denied_with_the_nearest_way_through() -> None:
    """Default deny, with help."""
    world = World()
    world.cloud.put_image("base")
    await world.types(EVE, "share base to shop-dev")
    await world.works()

    lane = await world.lane()
    assert lane.state is LaneState.DENIED
    assert "engineers" in lane.verdict.why + lane.verdict.nearest


async def test_the_same_command_delivered_twice_is_one_request() -> None:
    """A replay inside Slack's five minutes must have no effect."""
    world = World()
    world.cloud.put_image("base")
    first = await world.types(ALICE, "share base to shop-dev", key="same")
    second = await world.types(ALICE, "share base to shop-dev", key="same")
    await world.passes(seconds=30)

    assert first == second
    assert len(world.roots()) == 1
    assert len(world.cloud.submitted) == 1


async def test_too_many_pairs_are_refused_before_a_request_is_stored() -> None:
    """501 pairs: the limit is the policy's."""
    world = World()
    images = ", ".join(f"image-{n}" for n in range(167))
    answer = await world.types(ALICE, f"share {images} to shop-dev, shop-prod, acme-lab")

    assert "501 pairs" in answer.text
    assert "500" in answer.text
    assert await world.store.read(lambda view: view.requests("all")) == ()
    assert await world.kinds() == ["command_refused"]


async def test_the_sixth_open_request_is_refused_and_the_fifth_is_not() -> None:
    """max_open_per_requester counts only what is open, and only one's own."""
    world = World()
    world.cloud.put_image("base")
    for _ in range(5):
        assert "is recorded" in (await world.types(ALICE, "share base to shop-prod")).text
    await world.works()
    assert "the policy allows 5" in (await world.types(ALICE, "share base to shop-prod")).text
    assert "is recorded" in (await world.types(BOB, "share base to shop-prod")).text


async def test_more_tenants_than_the_cloud_allows_are_refused_with_the_room_left() -> None:
    """256 a system image; the cloud would refuse the whole call."""
    world = World()
    image = world.cloud.put_image("base")
    for n in range(256):
        world.cloud.put_member(image, f"{n:032x}", "accepted")
    await world.types(ALICE, "share base to shop-dev")
    await world.works()

    lane = await world.lane()
    assert lane.state is LaneState.DENIED
    assert "257" in lane.verdict.why


async def test_a_requirement_nobody_can_meet_is_a_refusal_and_not_a_dead_card() -> None:
    """The only lead asks: no button would ever work."""
    policy = POLICY.replace("leads: {slack_usergroup: S0LEADS}", "leads: {slack_users: [U0LEA]}")
    world = World(policy)
    world.cloud.put_image("base")
    await world.types("U0LEA", "share base to shop-prod")
    await world.works()

    assert (await world.lane()).state is LaneState.DENIED


async def test_the_card_goes_to_the_channel_of_the_policy() -> None:
    """defaults.channel wins over where it was typed."""
    world = World(POLICY.replace("defaults: {", "defaults: {channel: C0APPROVALS, "))
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod")
    await world.works()

    assert [m.ref.channel for m in world.chat.messages()] == ["C0APPROVALS"]
    assert CHANNEL != "C0APPROVALS"


async def test_a_share_for_a_time_says_when_it_ends() -> None:
    """for 30d is part of what is approved."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-dev for 30d")
    await world.passes(seconds=30)

    (member,) = await world.members()
    assert member.shared_until is not None
    assert timedelta(days=29) < member.shared_until - world.clock.now() <= timedelta(days=30)
    assert PROD not in world.cloud.members_of(member.image.id)
