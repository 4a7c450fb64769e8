"""What bot.ports.Cloud promises to the use cases, one test a promise. Every implementation runs it: a
subclass hands in a `world` fixture."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from bot.domain.errors import (
    AnswerLostError,
    CloudAuthError,
    CloudBusyError,
    CloudDownError,
    CloudRefusedError,
)
from bot.domain.model import Action, CloudMember, ImageId, ImageKind, ProjectId
from bot.ports import Cloud, JobPhase, JobReading

A, B, C = (ProjectId(letter * 32) for letter in "abc")
"""Projects that exist in every world."""


class CloudWorld(Protocol):
    """A cloud and the hand behind it."""

    cloud: Cloud

    def add_image(self, name: str, **facts: Any) -> ImageId:
        """An active image of our own; facts: id, owner, public, encrypted, windows, kind, marketplace."""

    def put_member(self, image: ImageId, project: ProjectId, status: str) -> None:
        """Behind everybody's back."""

    def members(self, image: ImageId) -> dict[ProjectId, str]:
        """The truth."""

    def writes(self) -> int:
        """Batch calls that reached the cloud."""

    def trouble(self, what: str, times: int = 1) -> None:
        """For the next batch call: busy, auth, down, refuse (IMG.0067), lose_before, lose_after."""

    def end_next_job(self, ending: str) -> None:
        """fail_but_shared, success_but_missing."""

    def fail_pair(self, image: ImageId, project: ProjectId) -> None:
        """Jobs fail at this pair with IMG.0112, and say so."""

    def pass_time(self) -> None:
        """A few seconds; enough for jobs to go on, and for a call with a lost answer to show."""


async def ended(world: CloudWorld, job_id: str) -> JobReading:
    """The reading with which the job ends."""
    for _ in range(20):
        reading = await world.cloud.job(job_id)
        if reading.phase not in (JobPhase.WAITING, JobPhase.RUNNING):
            return reading
        world.pass_time()
    raise AssertionError("the job does not end")


class CloudContract:
    # -- images ----------------------------------------------------------------------------------------

    async def test_an_image_is_found_by_its_id_and_by_its_name(self, world: CloudWorld) -> None:
        """People use whichever they have at hand."""
        image = world.add_image("base-ubuntu-24")

        found = await world.cloud.find_images([image, "base-ubuntu-24"])

        assert [facts.id for facts in found[image]] == [image]
        assert [facts.id for facts in found["base-ubuntu-24"]] == [image]

    async def test_an_id_typed_in_capitals_is_found_under_what_was_typed(self, world: CloudWorld) -> None:
        """The answer is looked up by the reference as the person wrote it."""
        image = world.add_image("base", id="ABCDEFAB-1bc3-4c3f-893e-3e471fd16e64".lower())

        found = await world.cloud.find_images([image.upper()])

        assert [facts.id for facts in found[image.upper()]] == [image]

    async def test_an_unknown_reference_has_no_images(self, world: CloudWorld) -> None:
        """The requester is told which of the references is wrong, so each must have an answer."""
        world.add_image("base")

        found = await world.cloud.find_images(["bas", "d164b5df-1bc3-4c3f-893e-3e471fd16e64"])

        assert found == {"bas": (), "d164b5df-1bc3-4c3f-893e-3e471fd16e64": ()}

    async def test_a_name_that_two_images_bear_finds_both(self, world: CloudWorld) -> None:
        """Sharing the wrong one of two would be a leak; the person must choose."""
        first, second = world.add_image("twin"), world.add_image("twin")

        found = await world.cloud.find_images(["twin"])

        assert {facts.id for facts in found["twin"]} == {first, second}

    async def test_a_foreign_image_of_the_same_name_does_not_stand_in_the_way(
        self, world: CloudWorld
    ) -> None:
        """Only one's own image can be shared, so only that can be meant."""
        own = world.add_image("Ubuntu 24.04")
        public = world.add_image("Ubuntu 24.04", owner="f" * 32, public=True)

        found = await world.cloud.find_images(["Ubuntu 24.04", public])

        assert [facts.id for facts in found["Ubuntu 24.04"]] == [own]
        assert [facts.owned for facts in found[public]] == [False]

    async def test_an_image_that_is_shared_already_is_still_found(self, world: CloudWorld) -> None:
        """It changes its type in the cloud's list; the second request for it must not fail."""
        image = world.add_image("base")
        world.put_member(image, A, "accepted")

        found = await world.cloud.find_images(["base"])

        assert [facts.id for facts in found["base"]] == [image]

    async def test_the_facts_the_policy_judges_are_told(self, world: CloudWorld) -> None:
        """A fact that is told wrong is a policy that does not hold."""
        plain = world.add_image("plain")
        special = world.add_image("special", encrypted=True, windows=True, kind="full-ecs")

        found = await world.cloud.find_images(["plain", "special"])
        one, other = found["plain"][0], found["special"][0]

        assert (one.id, one.owned, one.active, one.public, one.marketplace) == (
            plain,
            True,
            True,
            False,
            False,
        )
        assert (one.encrypted, one.windows, one.kind) == (False, False, ImageKind.SYSTEM)
        assert (other.id, other.encrypted, other.windows, other.kind) == (
            special,
            True,
            True,
            ImageKind.FULL_ECS,
        )
        assert one.shared_with is None

    async def test_names_for_suggestions_are_of_our_own_images(self, world: CloudWorld) -> None:
        """Suggesting a public image would lead into a refusal."""
        world.add_image("base")
        world.add_image("Debian 13", owner="f" * 32, public=True)

        assert await world.cloud.image_names() == ("base",)

    # -- members ---------------------------------------------------------------------------------------

    async def test_the_member_list_comes_whole_with_its_statuses(self, world: CloudWorld) -> None:
        """It is the only proof of what is shared."""
        image = world.add_image("base")
        many = [ProjectId(f"{number:032x}") for number in range(1, 1202)]
        for project in many:
            world.put_member(image, project, "pending")
        world.put_member(image, A, "accepted")
        world.put_member(image, B, "rejected")

        listed = await world.cloud.members(image)

        assert len(listed) == 1203
        assert {CloudMember(project=A, status="accepted"), CloudMember(project=B, status="rejected")} <= set(
            listed
        )

    async def test_an_image_shared_with_nobody_has_an_empty_list(self, world: CloudWorld) -> None:
        """Nobody is an answer, not an error."""
        assert await world.cloud.members(world.add_image("base")) == ()

    # -- batch calls -----------------------------------------------------------------------------------

    async def test_sharing_reaches_every_image_and_project(self, world: CloudWorld) -> None:
        """One call carries many pairs; each must be there in the end."""
        images = [world.add_image("one"), world.add_image("two")]

        ticket = await world.cloud.submit(Action.SHARE, images, [A, B])
        reading = await ended(world, ticket.job_id)

        assert reading.phase is JobPhase.SUCCEEDED
        assert [set(world.members(image)) for image in images] == [{A, B}, {A, B}]
        assert world.writes() == 1

    async def test_unsharing_takes_away_only_what_was_asked(self, world: CloudWorld) -> None:
        """Running teams depend on the rest."""
        image = world.add_image("base")
        for project in (A, B, C):
            world.put_member(image, project, "accepted")

        ticket = await world.cloud.submit(Action.UNSHARE, [image], [A, C])
        await ended(world, ticket.job_id)

        assert world.members(image) == {B: "accepted"}

    @pytest.mark.parametrize("action", list(Action))
    async def test_a_call_that_is_refused_does_nothing_and_says_why(
        self, world: CloudWorld, action: Action
    ) -> None:
        """The requester is told the code; nothing may be left behind."""
        image = world.add_image("base")
        world.put_member(image, B, "accepted")
        world.trouble("refuse")

        with pytest.raises(CloudRefusedError) as refused:
            await world.cloud.submit(action, [image], [A])
        world.pass_time()

        assert (refused.value.code, refused.value.status) == ("IMG.0067", 400)
        assert refused.value.message
        assert world.members(image) == {B: "accepted"}

    @pytest.mark.parametrize(
        ("what", "error"), [("busy", CloudBusyError), ("down", CloudDownError), ("auth", CloudAuthError)]
    )
    async def test_a_call_that_was_not_taken_surely_did_nothing(
        self, world: CloudWorld, what: str, error: type[Exception]
    ) -> None:
        """It will be made again without looking first."""
        image = world.add_image("base")
        world.trouble(what)

        with pytest.raises(error):
            await world.cloud.submit(Action.SHARE, [image], [A])
        world.pass_time()

        assert world.members(image) == {}

    @pytest.mark.parametrize(("what", "there"), [("lose_before", set()), ("lose_after", {A})])
    @pytest.mark.parametrize("action", list(Action))
    async def test_a_lost_answer_is_told_apart_and_never_asked_for_twice(
        self, world: CloudWorld, action: Action, what: str, there: set[ProjectId]
    ) -> None:
        """It may have happened: whoever asked has to read the member list, not to try again."""
        image = world.add_image("base")
        if action is Action.UNSHARE:
            world.put_member(image, A, "accepted")
        world.trouble(what)

        with pytest.raises(AnswerLostError):
            await world.cloud.submit(action, [image], [A])
        world.pass_time()
        listed = {member.project for member in await world.cloud.members(image)}

        assert listed == (there if action is Action.SHARE else {A} - there)
        assert world.writes() == 1

    async def test_an_image_of_somebody_else_cannot_be_shared(self, world: CloudWorld) -> None:
        """Only the owner may; the refusal has to come out as one."""
        foreign = world.add_image("Debian 13", owner="f" * 32, public=True)

        with pytest.raises(CloudRefusedError):
            await world.cloud.submit(Action.SHARE, [foreign], [A])

    # -- jobs ------------------------------------------------------------------------------------------

    async def test_a_job_is_under_way_before_it_ends(self, world: CloudWorld) -> None:
        """Taken is not done: the first reading of a fresh job is no end."""
        ticket = await world.cloud.submit(Action.SHARE, [world.add_image("base")], [A])

        assert (await world.cloud.job(ticket.job_id)).phase in (JobPhase.WAITING, JobPhase.RUNNING)
        assert (await ended(world, ticket.job_id)).phase is JobPhase.SUCCEEDED

    async def test_a_job_nobody_knows_is_absent(self, world: CloudWorld) -> None:
        """It leads to reading the member list, not to an error."""
        assert (await world.cloud.job("0" * 32)).phase is JobPhase.ABSENT

    async def test_a_failed_job_tells_its_code_and_spares_the_other_pairs(self, world: CloudWorld) -> None:
        """One bad pair among many must not hide that the others are shared."""
        image = world.add_image("base")
        world.fail_pair(image, B)

        ticket = await world.cloud.submit(Action.SHARE, [image], [A, B])
        reading = await ended(world, ticket.job_id)

        assert (reading.phase, reading.error_code) == (JobPhase.FAILED, "IMG.0112")
        assert reading.reason
        assert set(world.members(image)) == {A}

    @pytest.mark.parametrize(
        ("ending", "phase", "there"),
        [
            ("fail_but_shared", JobPhase.FAILED, {A}),
            ("success_but_missing", JobPhase.SUCCEEDED, set()),
        ],
    )
    async def test_what_a_job_says_is_no_proof(
        self, world: CloudWorld, ending: str, phase: JobPhase, there: set[ProjectId]
    ) -> None:
        """Whoever believes the job instead of the member list tells people lies."""
        image = world.add_image("base")
        world.end_next_job(ending)

        ticket = await world.cloud.submit(Action.SHARE, [image], [A])
        reading = await ended(world, ticket.job_id)

        assert reading.phase is phase
        assert {member.project for member in await world.cloud.members(image)} == there

    # -- the rest --------------------------------------------------------------------------------------

    async def test_the_check_is_one_sentence_for_the_operator(self, world: CloudWorld) -> None:
        """It is shown by the doctor as it is."""
        sentence = await world.cloud.check()

        assert sentence
        assert "\n" not in sentence

    async def test_closing_twice_is_harmless(self, world: CloudWorld) -> None:
        """Shutting down happens on several paths."""
        await world.cloud.close()
        await world.cloud.close()
