"""One person sending far more than a person can: asked to slow down, and no decision is lost by it."""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.adapters.slack.payloads import Click, TypedCommand
from bot.adapters.slack.throttle import Rate, Throttled
from bot.domain.model import ClickKind, LaneId, Person
from bot.domain.notices import Message
from tests.adapters.slack.stage import ANNA, BEN, OPS, RecordingInbound
from tests.journeys.cast import ALICE, BOB, LEA
from tests.journeys.stage import stage


class HandClock:
    """A monotonic clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def typed(user: str = ANNA) -> TypedCommand:
    return TypedCommand(
        person=Person("T0OWN", user), channel=OPS, text="list", command="/image", trigger_id="1.2.x"
    )


def pressed(user: str = BEN, lane: str = "1.1", kind: ClickKind = ClickKind.APPROVE) -> Click:
    return Click(
        person=Person("T0OWN", user), channel=OPS, message_ts="1.1", click=kind, lane=LaneId(lane), plan_hash="ab",
        trigger_id="1.2.x", action_ts="1.1",
    )  # fmt: skip


def throttled(
    commands: int = 5, presses: int = 3
) -> tuple[Throttled, RecordingInbound, HandClock, list[str]]:
    inbound, clock, seen = RecordingInbound(), HandClock(), list[str]()
    rates = {"commands": Rate(commands, monotonic=clock), "presses": Rate(presses, monotonic=clock)}
    return Throttled(inbound, seen=seen.append, **rates), inbound, clock, seen


async def test_a_person_with_a_script_is_asked_to_slow_down_and_nothing_is_stored() -> None:
    """Their commands would fill the database and stand before everybody else's."""
    gate, inbound, clock, seen = throttled()
    with capture_logs() as logs:
        answers = [(await gate.command(typed())).text for _ in range(50)]

    assert answers[:5] == ["noted"] * 5
    assert all("more than 5 commands" in text and "not recorded" in text for text in answers[5:])
    assert len(inbound.commands) == 5
    assert [entry["event"] for entry in logs] == ["person_throttled"], "one line, not one for each command"
    assert seen == ["throttled"] * 45

    assert (await gate.command(typed(BEN))).text == "noted", "somebody else is not held up"
    clock.now += 60
    assert (await gate.command(typed())).text == "noted", "a minute later all is well again"


async def test_a_first_press_of_a_button_always_gets_through() -> None:
    """However many cards a lead decides in a minute, no decision of theirs is lost."""
    gate, inbound, _, _ = throttled(presses=1)
    for number in range(500):
        assert await gate.click(pressed(lane=f"{number}.1")) is None
        assert await gate.click(pressed(lane=f"{number}.1", kind=ClickKind.CANCEL)) is None

    assert len(inbound.clicks) == 1000


async def test_hammering_one_button_is_answered_and_the_first_presses_count() -> None:
    """The inbox must not grow with the patience of a macro."""
    gate, inbound, clock, _ = throttled(presses=3)
    answers = [await gate.click(pressed()) for _ in range(40)]

    assert answers[:3] == [None] * 3
    assert all(isinstance(one, Message) and "not recorded" in one.text for one in answers[3:])
    assert len(inbound.clicks) == 3
    clock.now += 20
    assert await gate.click(pressed()) is None


def test_the_memory_of_who_asked_how_often_has_a_bound() -> None:
    """Ids can be made up by whoever can sign."""
    rate = Rate(1, keys=100, monotonic=HandClock())
    for number in range(10_000):
        rate.allows(number)

    assert len(rate) == 100
    assert not rate.allows(9_999)


def test_who_was_quiet_for_a_minute_is_forgotten_and_nobody_can_tell() -> None:
    """Each press of each button is a key of its own: they would fill the memory with what says nothing any more."""
    clock = HandClock()
    rate = Rate(2, monotonic=clock)
    allowed = [rate.allows("early") for _ in range(3)]
    for number in range(1_000):
        clock.now += 0.5
        rate.allows(number)

    assert len(rate) == 120
    assert [rate.allows("early") for _ in range(3)] == allowed == [True, True, False]
    assert [rate.allows(999) for _ in range(2)] == [True, False], "who was there just now is not forgotten"


async def test_the_whole_bot_slows_a_script_down_and_still_takes_a_decision() -> None:
    """As it is wired: the answer is private, the database has no row of it, and a lead's approval counts."""
    async with stage(commands_per_minute=3, presses_per_minute=1) as s:
        await s.command(ALICE, "share base-ubuntu-24 to shop-prod")
        answers = [await s.command(ALICE, "list") for _ in range(4)]
        assert ["slow" in text or "more than 3 commands" in text for text in answers] == [
            False,
            False,
            True,
            True,
        ]
        assert "more than 3 commands" in await s.command(ALICE, "share base-debian-12 to shop-dev")
        assert await s.tree(2) == {}

        await s.press(LEA, "Approve")
        assert await s.settled() == "ended"
        assert "more than" not in await s.command(BOB, "list")
        metrics = (await s.page("/metrics"))[1]
        assert 'imagebot_inbound_total{kind="throttled"} 3.0' in metrics
