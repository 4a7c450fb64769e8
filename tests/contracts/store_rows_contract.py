"""The store's promises about requests, lanes, members and decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.errors import BugError, StaleRowError
from bot.domain.model import Action, ImageId, LaneId, Member, ProjectId, RequestId
from bot.domain.states import FINAL_LANE_STATES, LaneState, MemberOutcome, RequestState
from bot.ports import Store, Transaction
from tests.contracts.store_builders import (
    ANNA,
    BEN,
    NOON,
    a_decision,
    a_job,
    a_lane,
    a_member,
    a_request,
    after,
    stored_lane,
    stored_request,
)


class RowsContract:
    # -- requests --------------------------------------------------------------------------------------------

    async def test_an_added_request_has_an_id_of_its_own(self, store: Store) -> None:
        """The id it brought is ignored."""
        first = await stored_request(store, "key-1", id=RequestId(77))
        second = await stored_request(store, "key-2", id=RequestId(77))

        assert second.id > first.id
        assert await store.read(lambda v: v.request(first.id)) == first
        assert first == a_request("key-1", id=first.id)

    async def test_a_second_request_with_the_same_key_is_the_first(self, store: Store) -> None:
        """Slack delivers a command again; it must have one effect."""
        first = await stored_request(store, text="share a to b")
        again = await stored_request(store, text="another text", requester=BEN)

        assert again == first
        assert await store.read(lambda v: v.requests("all")) == (first,)
        assert await store.read(lambda v: v.request_by_key("key-1")) == first

    async def test_a_saved_request_has_the_next_version(self, store: Store) -> None:
        """The version is what tells a stale row."""
        request = await stored_request(store)

        saved = await store.write(
            lambda tx: tx.save_request(
                replace(request, state=RequestState.REFUSED, refusal="no", response_url=None)
            )
        )

        assert saved == replace(request, state=RequestState.REFUSED, refusal="no", version=1)
        assert await store.read(lambda v: v.request(request.id)) == saved

    async def test_a_request_that_was_never_added_cannot_be_saved(self, store: Store) -> None:
        """Its stored version is none at all."""
        with pytest.raises(StaleRowError):
            await store.write(lambda tx: tx.save_request(a_request(id=RequestId(5))))

    async def test_every_request_state_can_be_stored(self, store: Store) -> None:
        """The database knows the same words as the domain."""
        for state in RequestState:
            request = await stored_request(store, f"key-{state}", state=state)
            assert await store.read(lambda v, id=request.id: v.request(id)) == request  # type: ignore[misc]

    async def test_requests_come_newest_first_and_no_more_than_asked(self, store: Store) -> None:
        """A list in Slack has little room."""
        ids = [(await stored_request(store, f"key-{n}")).id for n in range(5)]

        listed = await store.read(lambda v: v.requests("all", limit=3))

        assert [request.id for request in listed] == ids[:1:-1]
        assert await store.read(lambda v: v.requests("all", limit=0)) == ()

    async def test_mine_are_those_of_the_person_in_that_team(self, store: Store) -> None:
        """A user id alone says nothing in a shared channel."""
        mine = await stored_request(store, "key-1", state=RequestState.ENDED)
        await stored_request(store, "key-2", requester=BEN)
        await stored_request(store, "key-3", requester=replace(ANNA, team="T2"))

        assert await store.read(lambda v: v.requests("mine", ANNA)) == (mine,)

    async def test_open_are_those_not_in_a_final_state(self, store: Store) -> None:
        """Of everybody; and the count per person agrees."""
        for state in RequestState:
            await stored_request(store, f"anna-{state}", state=state)
            await stored_request(store, f"ben-{state}", state=state, requester=BEN)

        listed = await store.read(lambda v: v.requests("open"))

        assert {request.state for request in listed} == {RequestState.PLANNING, RequestState.PLANNED}
        assert [request.id for request in listed] == sorted((r.id for r in listed), reverse=True)
        assert len(listed) == 4
        assert await store.read(lambda v: v.open_requests_of(ANNA)) == 2
        assert await store.read(lambda v: v.open_requests_of(replace(ANNA, team="T2"))) == 0

    async def test_the_request_that_takes_back_is_found_by_its_parent(self, store: Store) -> None:
        """So that a sharing is never taken back twice."""
        parent = await stored_request(store, "key-1")
        child = await stored_request(store, "key-2", parent=parent.id, action=Action.UNSHARE)

        assert await store.read(lambda v: v.taken_back(parent.id)) == child
        assert await store.read(lambda v: v.taken_back(child.id)) is None

    async def test_a_row_whose_parent_is_missing_is_refused(self, store: Store) -> None:
        """A bug of ours must not leave rows that belong to nothing."""
        steps = (
            lambda tx: tx.add_request(a_request(parent=RequestId(9))),
            lambda tx: tx.add_lane(a_lane(RequestId(9)), ()),
            lambda tx: tx.add_decision(a_decision(LaneId("9.1"))),
            lambda tx: tx.add_job(a_job(LaneId("9.1"))),
            lambda tx: tx.save_members([a_member(LaneId("9.1"))]),
        )
        for step in steps:
            with pytest.raises(BugError):
                await store.write(step)

    async def test_a_time_without_a_zone_is_refused(self, store: Store) -> None:
        """It would come back as another time."""
        with pytest.raises(BugError):
            await stored_request(store, created_at=NOON.replace(tzinfo=None))

    # -- lanes -----------------------------------------------------------------------------------------------

    async def test_lanes_come_in_order_of_their_number(self, store: Store) -> None:
        """As on the card."""
        request = await stored_request(store)

        def step(tx: Transaction) -> None:
            for number in (10, 2, 1):
                tx.add_lane(a_lane(request.id, number), ())

        await store.write(step)

        assert [lane.number for lane in await store.read(lambda v: v.lanes(request.id))] == [1, 2, 10]
        assert await store.read(lambda v: v.lane(LaneId(f"{request.id}.2"))) == a_lane(request.id, 2)

    async def test_a_lane_is_added_once(self, store: Store) -> None:
        """Its id and its number are its own."""
        lane = await stored_lane(store)

        for same in (lane, replace(lane, id=LaneId("other"))):
            with pytest.raises(BugError):
                await store.write(lambda tx, same=same: tx.add_lane(same, ()))  # type: ignore[misc]

    async def test_a_lane_is_saved_only_in_the_version_that_was_read(self, store: Store) -> None:
        """Two clicks at the same time: the second finds it stale."""
        lane = await stored_lane(store)
        changed = replace(lane, note="why", deadline=after(5), reminders=(after(1), after(2)))

        saved = await store.write(lambda tx: tx.save_lane(changed))

        assert saved == replace(changed, version=1)
        assert await store.read(lambda v: v.lane(lane.id)) == saved
        with pytest.raises(StaleRowError):
            await store.write(lambda tx: tx.save_lane(changed))

    async def test_every_lane_state_can_be_stored(self, store: Store) -> None:
        """The database knows the same words as the domain."""
        for state in LaneState:
            lane = await stored_lane(store, key=state.value, state=state)
            assert await store.read(lambda v, id=lane.id: v.lane(id)) == lane  # type: ignore[misc]

    async def test_a_lane_has_an_end_exactly_when_it_is_final(self, store: Store) -> None:
        """Nothing may claim to be over without a time, or to have a time without being over."""
        request = await stored_request(store)
        for state in LaneState:
            lane = a_lane(request.id, state=state, ended_at=None if state in FINAL_LANE_STATES else NOON)
            with pytest.raises(BugError):
                await store.write(lambda tx, lane=lane: tx.add_lane(lane, ()))  # type: ignore[misc]
        lane = await stored_lane(store, key="key-2")
        with pytest.raises(BugError):
            await store.write(lambda tx: tx.save_lane(replace(lane, ended_at=NOON)))

    # -- members ---------------------------------------------------------------------------------------------

    async def test_members_come_in_the_order_they_were_added(self, store: Store) -> None:
        """The order of the card, whatever their ids."""
        request = await stored_request(store)
        lane = a_lane(request.id)
        added = tuple(a_member(lane.id, image, project) for image, project in ("zb", "ya", "xc", "za"))

        await store.write(lambda tx: tx.add_lane(lane, added))

        assert await store.read(lambda v: v.members(lane.id)) == added

    async def test_a_pair_is_in_its_lane_once(self, store: Store) -> None:
        """Else it would be shared, and reported, twice."""
        request = await stored_request(store)
        lane = a_lane(request.id)

        with pytest.raises(BugError):
            await store.write(lambda tx: tx.add_lane(lane, [a_member(lane.id), a_member(lane.id)]))
        with pytest.raises(BugError):
            await store.write(lambda tx: tx.add_lane(lane, [a_member(LaneId("another"))]))

    async def test_saved_members_are_found_by_lane_and_pair(self, store: Store) -> None:
        """A job's trouble touches only its own members."""
        lane = await stored_lane(store, members=3)
        before = await store.read(lambda v: v.members(lane.id))
        job = await store.write(lambda tx: tx.add_job(a_job(lane.id)))
        changed = replace(
            before[1], outcome=MemberOutcome.DONE, detail="read back", cloud_status="accepted", shared_until=after(9),
            job=job.id, image=replace(before[1].image, encrypted=False), project=replace(before[1].project, env="dev"),
        )  # fmt: skip

        await store.write(lambda tx: tx.save_members([changed]))
        await store.write(lambda tx: tx.save_members([]))

        assert await store.read(lambda v: v.members(lane.id)) == (before[0], changed, before[2])

    async def test_a_pair_its_lane_does_not_have_yet_is_added_at_the_end(self, store: Store) -> None:
        """A lane that is planned again keeps some pairs and gets others."""
        lane = await stored_lane(store, members=1)
        (kept,) = await store.read(lambda v: v.members(lane.id))
        new = a_member(lane.id, image="a-first-image")

        await store.write(lambda tx: tx.save_members([new, kept]))

        assert await store.read(lambda v: v.members(lane.id)) == (kept, new)

    async def test_dropped_members_are_forgotten_and_may_move_to_another_lane(self, store: Store) -> None:
        """A holding lane that is planned again may split."""
        lane = await stored_lane(store, members=2)
        other = a_lane(lane.request, 2)

        def step(tx: Transaction) -> None:
            first, second = tx.members(lane.id)
            tx.drop_members(lane.id)
            tx.save_members([first])
            tx.add_lane(other, [replace(second, lane=other.id)])

        await store.write(step)

        mine, others = await store.read(lambda v: (v.members(lane.id), v.members(other.id)))
        assert [m.project.id for m in mine] == ["project-1"]
        assert [m.project.id for m in others] == ["project-2"]

    async def test_every_outcome_can_be_stored(self, store: Store) -> None:
        """The database knows the same words as the domain."""
        lane = await stored_lane(store)
        for outcome in MemberOutcome:
            member = a_member(lane.id, outcome=outcome)
            await store.write(lambda tx, member=member: tx.save_members([member]))  # type: ignore[misc]
            assert await store.read(lambda v: v.members(lane.id)) == (member,)

    async def test_shared_members_are_the_done_ones_of_share_requests(self, store: Store) -> None:
        """What `who` and the taking back are told: newest first, and not what an unshare has done."""

        async def done(key: str, **changes: object) -> Member:
            request = await stored_request(store, key, **{k: v for k, v in changes.items() if k == "action"})
            lane = a_lane(request.id)
            outcome = changes.get("outcome", MemberOutcome.DONE)
            member = a_member(lane.id, project=str(changes.get("project", "project-1")), outcome=outcome)
            await store.write(lambda tx: tx.add_lane(lane, [member]))
            return member

        first, second = await done("key-1"), await done("key-2")
        await done("key-3", action=Action.UNSHARE)
        await done("key-4", outcome=MemberOutcome.FAILED)
        await done("key-5", project="project-2")

        shared = await store.read(lambda v: v.shared_members(ImageId("image-1"), ProjectId("project-1")))
        assert shared == (second, first)

    # -- decisions -------------------------------------------------------------------------------------------

    async def test_a_person_decides_on_a_lane_once(self, store: Store) -> None:
        """Two clicks, one effect; the first counts."""
        lane = await stored_lane(store)
        first = a_decision(lane.id)

        assert await store.write(lambda tx: tx.add_decision(first)) is True
        assert (
            await store.write(lambda tx: tx.add_decision(replace(first, approve=False, at=after(1)))) is False
        )
        assert await store.read(lambda v: v.decisions(lane.id)) == (first,)

    async def test_decisions_come_oldest_first(self, store: Store) -> None:
        """As the thread tells them."""
        lane = await stored_lane(store)
        late = a_decision(lane.id, ANNA, at=after(2), approve=False, reason="no")
        early = a_decision(lane.id, BEN, at=after(1), groups=frozenset({"leads"}))
        foreign = a_decision(lane.id, replace(ANNA, team="T2"), at=after(3))

        def step(tx: Transaction) -> None:
            for decision in (late, early, foreign):
                tx.add_decision(decision)

        await store.write(step)

        assert await store.read(lambda v: v.decisions(lane.id)) == (early, late, foreign)
