"""Many results at once: one message says them all, nothing is lost or said twice, and who must act is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.adapters.slack.pacing import Pacer
from bot.domain.model import ClickKind, ProjectId, RequestId
from bot.domain.notices import Message, Notice, NoticeDraft, NoticeKind, NoticeState, Topic
from bot.domain.states import RequestState
from bot.ports import Outside, Transaction
from bot.usecases import digest
from bot.usecases.speak import REPEATED
from tests.fakes.memory_chat import Standing
from tests.stories.world import ALICE, CHANNEL, DEV, LEA, World


async def no_sleep(_: float) -> None:
    return


def limited(world: World) -> None:
    """As many messages a second as Slack takes, in the world's own time."""
    pacer = Pacer(sleep=no_sleep, monotonic=lambda: world.clock.time.timestamp())
    live_in(world, replace(world.outside, turns=pacer))


def live_in(world: World, outside: Outside) -> None:
    world.outside = outside
    for crew in world.crews:
        crew._outside = outside


async def many(count: int, text: str = "share base to shop-dev", *, failing: int = -1) -> World:
    """So many requests of as many people; the cloud refuses that of number `failing`."""
    world = World()
    limited(world)
    for number in range(count):
        user = f"U0P{number:03d}"
        world.people.join("S0ENG", user)
        image = world.cloud.put_image(f"base-{number}")
        if number == failing:
            world.cloud.fail_pair(image, ProjectId(DEV), code="IMG.0067")
        await world.types(user, text.replace("base", f"base-{number}"))
    return world


def digests(world: World) -> list[Standing]:
    return [one for one in world.roots() if "Said together" in str(one.message.parts)]


async def notices(world: World) -> list[Any]:
    found = [await world.store.read(lambda v, id=id: v.notice(id)) for id in range(1, 600)]
    return [notice for notice in found if notice is not None]


async def test_many_results_at_once_are_said_together_and_each_of_them_once() -> None:
    """Twenty replies at one a second would take as many seconds; nobody waits for the last."""
    world = await many(20)
    await world.passes(minutes=3)

    said = digests(world)
    reports = [n for n in await notices(world) if n.topic is Topic.REPORT and n.kind is NoticeKind.THREAD]
    single = [
        m for m in world.chat.messages() if m.thread is not None and "Done and verified" in m.message.text
    ]
    together = [n for n in reports if n.digest is not None]
    assert said
    assert len(reports) == 20
    assert {n.state for n in await notices(world)} == {NoticeState.DELIVERED}
    assert len(single) + len(together) == 20
    for notice in together:
        assert sum(f"#{notice.request}" in names(one.message) for one in said) == 1
    assert (await world.kinds()).count("digest_delivered") == len(said)


def names(message: Message) -> set[str]:
    """The numbers that its text names."""
    return {word.strip(",.;:()") for word in message.text.split() if word.startswith("#")}


async def test_every_card_is_true_after_a_digest() -> None:
    """The digest says it first; the cards follow as Slack takes them."""
    world = await many(20)
    await world.passes(minutes=3)

    cards = [one for one in world.roots() if one not in digests(world)]
    assert len(cards) == 20
    assert all("Done and verified" in card.message.text for card in cards)


async def test_a_digest_names_what_somebody_must_act_on_with_its_pairs() -> None:
    """A failure that is only counted is one that nobody sees."""
    world = await many(20, failing=9)
    await world.passes(minutes=3)

    (told,) = [one for one in digests(world) if "#10" in names(one.message)]
    assert "1 to act on" in told.message.text
    assert "Somebody has to act: #10 failed, 1 pair (base-9 with shop-dev: " in told.message.text
    assert "IMG.0067" in told.message.text
    assert "Press Retry Failed" in str(told.message.parts)


async def test_what_people_wait_to_hear_is_never_left_to_a_digest() -> None:
    """An approval is an answer to somebody."""
    world = await many(12, "share base to shop-prod")
    await world.passes(seconds=40)
    for number in range(1, 13):
        await world.presses(LEA, ClickKind.APPROVE, f"{number}.1")
    await world.passes(minutes=4)

    replies = [m.message.text for m in world.chat.messages() if m.thread is not None]
    assert sum("approved sharing" in text for text in replies) == 12
    assert {r.state for r in [await world.request(n) for n in range(1, 13)]} == {RequestState.ENDED}


async def test_few_results_are_said_under_their_cards() -> None:
    """Where there is room, everybody is told in the thread they follow."""
    world = await many(3)
    await world.passes(minutes=3)

    assert digests(world) == []
    assert sum(m.thread is not None for m in world.chat.messages()) == 3


async def test_a_digest_whose_answer_was_lost_is_repeated_with_a_mark() -> None:
    """At least once, and marked, like every other message."""
    world = await many(20)
    chat = world.chat

    class LosesTheFirstDigest:
        lost = False

        def __getattr__(self, name: str) -> Any:
            return getattr(chat, name)

        async def post(self, channel: str, message: Message, **how: Any) -> Any:
            if "Said together" in str(message.parts) and not self.lost:
                self.lost = True
                chat.fail("cut_after", method="post")
            return await chat.post(channel, message, **how)

    live_in(world, replace(world.outside, chat=LosesTheFirstDigest()))  # type: ignore[arg-type]
    await world.passes(minutes=3)

    first, second = digests(world)[:2]
    assert (first.mark, second.mark) == ("", REPEATED)
    assert names(first.message) == names(second.message)
    assert {n.state for n in await notices(world)} == {NoticeState.DELIVERED}


async def test_a_digest_that_stands_is_adopted_where_the_bot_may_look() -> None:
    """Then nothing is said twice at all."""
    world = await many(20)
    world.chat.blind = False
    world.chat.fail("cut_after", method="post", channel=CHANNEL, times=1)
    await world.passes(minutes=3)

    assert len(world.roots()) - len(digests(world)) == 20
    assert all(one.mark == "" for one in world.chat.messages())


async def test_a_bot_that_dies_while_it_sends_a_digest_says_it_again_and_loses_no_report() -> None:
    """The reports end with the digest, in one step."""
    world = await many(20)
    chat = world.chat

    class Dies:
        died = False

        def __getattr__(self, name: str) -> Any:
            return getattr(chat, name)

        async def post(self, channel: str, message: Message, **how: Any) -> Any:
            ref = await chat.post(channel, message, **how)
            if "Said together" in str(message.parts) and not self.died:
                self.died = True
                raise RuntimeError("killed")
            return ref

    live_in(world, replace(world.outside, chat=Dies()))  # type: ignore[arg-type]
    await world.passes(minutes=5)

    assert [one.mark for one in digests(world)][:2] == ["", REPEATED]
    assert {n.state for n in await notices(world)} == {NoticeState.DELIVERED}


async def test_a_channel_that_closes_sends_each_report_its_own_way() -> None:
    """What happened must be said: to everybody who asked, directly."""
    world = await many(20)
    chat = world.chat

    class ClosesForDigests:
        def __getattr__(self, name: str) -> Any:
            return getattr(chat, name)

        async def post(self, channel: str, message: Message, **how: Any) -> Any:
            if "Said together" in str(message.parts) and CHANNEL not in chat.unreachable:
                chat.unreachable[CHANNEL] = "is_archived"
            return await chat.post(channel, message, **how)

    live_in(world, replace(world.outside, chat=ClosesForDigests()))  # type: ignore[arg-type]
    await world.passes(minutes=5)

    directly = [m for m in world.chat.messages() if m.ref.channel.startswith("D")]
    in_thread = [m for m in world.chat.messages(CHANNEL) if m.thread is not None]
    assert len(directly) + len(in_thread) == 20
    assert all("Done and verified" in m.message.text for m in directly)


async def test_a_digest_that_becomes_too_long_goes_on_in_the_next() -> None:
    """Nothing is left out for want of room."""
    world = World()
    limits = replace(world.outside.limits, digest_most=4)
    world = await many(20)
    live_in(world, replace(world.outside, limits=limits))
    await world.passes(minutes=4)

    assert len(digests(world)) >= 3
    assert all(len(names(one.message)) <= 4 for one in digests(world))
    assert {n.state for n in await notices(world)} == {NoticeState.DELIVERED}


async def test_what_waits_is_not_looked_at_again_and_again() -> None:
    """A notice that waits costs nothing until it is its turn."""
    world = World()
    world.cloud.put_image("base")
    await world.types(ALICE, "share base to shop-prod")
    await world.passes(seconds=5)
    world.chat.fail("busy", method="post", retry_after=100.0)
    await world.presses(LEA, ClickKind.APPROVE)
    await world.passes(seconds=20)
    before = len(world.reports)
    await world.passes(seconds=60)

    assert len(world.reports) == before
    assert await world.store.read(lambda v: v.lanes(RequestId(1)))
    await world.passes(minutes=1)
    assert ["approved" in world.thread()[0], "Done and verified" in world.thread()[1]] == [True, True]


async def test_a_digest_that_may_stand_is_said_again_in_the_same_words() -> None:
    """Whoever finds it in Slack has found this one, and not one that says less than is then called said (found by seed 431)."""
    world = World()

    def sent_without_an_answer(tx: Transaction) -> Notice:
        made = tx.add_notice(
            NoticeDraft(
                kind=NoticeKind.CHANNEL, channel=CHANNEL, message=Message("3 requests: 1 not over yet")
            ),
            world.clock.now(),
        )
        assert made is not None
        sent = replace(made, digest=made.id, state=NoticeState.UNSURE)
        tx.save_notice(sent)
        return sent

    sent = await world.store.write(sent_without_an_answer)

    assert await world.store.write(lambda tx: digest.draw(tx, world.outside, sent)) == sent
