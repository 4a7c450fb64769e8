"""The fuzzer keeps its own promises: every seed is judged, and every judge finds a product that breaks its promise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.huawei.refusals import Refusal, read_refusal
from bot.adapters.huawei.signing import sign
from bot.adapters.slack.blocks import drawn
from bot.domain.errors import CloudRefusedError, CommandError, PolicyError, Problem
from bot.domain.model import ClickKind, Outcome
from bot.domain.parse import parse
from bot.domain.policy import judge as engine
from bot.domain.states import LaneState
from bot.ports import JobPhase, JobReading, Ticket
from tests.fuzz.slack_requests import HASH_MARK, press, request
from tests.fuzz.target import Judge
from tests.fuzz.targets import (
    NAMES,
    cloud_readers,
    cloud_signing,
    cloud_wire,
    commands,
    policy_files,
    slack_door,
    slack_messages,
    slack_signatures,
    slack_socket,
    target,
)
from tests.stories.world import LEA, TEAM

Broken = Callable[[], Judge]


def seeds(name: str) -> list[Path]:
    return sorted(target(name).seeds.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_seed_keeps_the_promise(name: str) -> None:
    """The seeds are the beginning of every run: a fault they show would be found first."""
    judge = target(name).make()

    assert seeds(name)
    for seed in (b"", *(path.read_bytes() for path in seeds(name))):
        judge(seed)


@pytest.mark.parametrize("name", NAMES)
def test_any_bytes_are_an_input(name: str) -> None:
    """An input that the judge itself stumbles over would be taken for a fault of the product."""
    judge = target(name).make()

    @settings(max_examples=40)
    @given(st.binary(max_size=60))
    def kept(data: bytes) -> None:
        judge(data)

    kept()


# -- a product that breaks its promise is found ----------------------------------------------------------


def a_parser_that_raises(text: str) -> Any:
    return [parse(text)][len(text) > 20]


def a_parser_that_says_nothing(text: str) -> Any:
    raise CommandError(" ")


def a_parser_that_wanders(text: str) -> Any:
    def step() -> None: ...

    for _ in range(20_000):
        step()
    return parse(text)


def a_refusal_that_is_sure(*words: Any, **more: Any) -> Refusal:
    return replace(
        read_refusal(*words, **more),
        status=400,
        kind=cloud_readers.read_refusal(cloud_readers.Answer(status=400), write=False).kind,
    )


def a_loader_without_places(text: str) -> Any:
    raise PolicyError((Problem(where="somewhere", what="something"),))


def an_engine_that_allows(policy: Any, ask: Any) -> Any:
    return replace(engine(policy, ask), outcome=Outcome.ALLOW)


def a_signer_of_another_method(parts: Any, key: Any, at: Any) -> dict[str, str]:
    return sign(replace(parts, method="HEAD"), key, at)


class Trusting:
    """A cloud's client that believes everything."""

    def __init__(self, found: Any) -> None:
        self._found = found

    async def close(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        async def call(*words: Any) -> Any:
            if isinstance(self._found, Exception):
                raise self._found
            return self._found

        return call


class MovingInbound:
    """Does what a press says at once, whoever pressed it, and whatever a command says to the first request."""

    def __init__(self, world: Any) -> None:
        self._world, self._honest = world, slack_door.real_inbound(world)

    async def click(self, click: Any) -> None:
        lane = replace(await self._world.lane(), state=LaneState.APPROVED)
        await self._world.store.write(lambda tx: tx.save_lane(lane))

    async def command(self, typed: Any) -> Any:
        raise RuntimeError("a fault within")


class DeafConnection:
    """Reads one frame and goes."""

    def __init__(self, socket: Any, bolt: Any) -> None:
        self.leaving, self.reason = socket.waiting, ""
        self.leaving.set()

    async def close(self, drain: float) -> None: ...


def mentioning(message: Any, mark: str) -> Any:
    drawing = drawn(message, mark=mark)
    return replace(drawing, text=drawing.text + "<!channel>")


def endless(message: Any, mark: str) -> Any:
    return replace(drawn(message, mark=mark), text="")


def unsigned_door() -> Judge:
    return slack_signatures.judge_of(slack_door.Door(secret="quite another"))


BROKEN: list[tuple[str, Broken, str]] = [
    ("commands", lambda: commands.judge_of(parse=a_parser_that_raises), "list index"),
    ("commands", lambda: commands.judge_of(parse=a_parser_that_says_nothing), "without a word"),
    ("commands", lambda: commands.judge_of(parse=a_parser_that_wanders, count_one_in=1), "steps for"),
    ("commands", lambda: commands.judge_of(unparse=lambda command: "list"), "is read as"),
    ("policy_files", lambda: policy_files.judge_of(load=a_loader_without_places), "no place"),
    ("policy_files", lambda: policy_files.judge_of(engine=an_engine_that_allows), "by the reference"),
    ("cloud_readers", lambda: cloud_readers.judge_of(refusal=a_refusal_that_is_sure), "surely not done"),
    (
        "cloud_readers",
        lambda: cloud_readers.judge_of({"job": lambda answer: JobReading(phase=JobPhase.SUCCEEDED)}),
        "said to have succeeded",
    ),
    ("cloud_readers", lambda: cloud_readers.judge_of({"quota": lambda answer: "\x00"}), "a NUL"),
    ("cloud_readers", lambda: cloud_readers.judge_of({"quota": lambda answer: {}["x"]}), "x"),
    ("cloud_signing", lambda: cloud_signing.judge_of(sign=a_signer_of_another_method), "is signed as"),
    ("cloud_signing", lambda: cloud_signing.judge_of(canonical_query=lambda query: "x"), "is signed as"),
    ("cloud_wire", lambda: cloud_wire.judge_of(lambda url, who: Trusting(Ticket(job_id="made-up"))), "never named"),  # type: ignore[arg-type,return-value]
    ("cloud_wire", lambda: cloud_wire.judge_of(lambda url, who: Trusting(JobReading(phase=JobPhase.SUCCEEDED))), "never said so"),  # type: ignore[arg-type,return-value]
    ("cloud_wire", lambda: cloud_wire.judge_of(lambda url, who: Trusting(ZeroDivisionError("an accident"))), "an accident"),  # type: ignore[arg-type,return-value]
    (
        "cloud_wire",
        lambda: cloud_wire.judge_of(lambda url, who: Trusting(CloudRefusedError(f"no: {cloud_wire.SECRET}", status=400))),  # type: ignore[arg-type,return-value]
        "a secret",
    ),
    ("slack_door", lambda: slack_door.judge_of(slack_door.Door(MovingInbound)), "moved|failed inside"),  # type: ignore[arg-type]
    ("slack_signatures", unsigned_door, "can be read"),
    ("slack_signatures", lambda: slack_signatures.judge_of(parse=lambda text, kind: {}), "by the standard library"),
    ("slack_socket", lambda: slack_socket.judge_of(DeafConnection), "acknowledged 0 times"),
    ("slack_messages", lambda: slack_messages.judge_of(mentioning), "mentions"),
    ("slack_messages", lambda: slack_messages.judge_of(endless), "for the ear"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "broken", "words"), BROKEN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_broken_product_is_found_by_the_seeds(name: str, broken: Broken, words: str) -> None:
    """A judge that finds nothing proves nothing."""
    judge, found = broken(), []
    for seed in seeds(name):
        try:
            judge(seed.read_bytes())
        except Exception as error:
            found.append(str(error))

    assert any(re.search(words, one) for one in found), found[:3]


def test_the_same_press_moves_the_lane_for_a_lead_and_only_when_it_is_signed() -> None:
    """Without this, a door that lets nobody in would be a perfect one."""
    door = slack_door.Door()

    async def state_after(way: str, team: str) -> LaneState:
        body = json.dumps(press(LEA, team, ClickKind.APPROVE)).replace(HASH_MARK, door.plan_hash).encode()
        await door.ask(request(body, "application/json", way).raw)
        await door.work()
        return (await door.world.lane()).state

    states = [
        door.loop.run(state_after(way, team))
        for way, team in (("signed", TEAM), ("forged", TEAM), ("old", TEAM), ("signed", "T0OTHER"))
    ]

    assert states[0] is not LaneState.AWAITING_APPROVAL
    assert set(states[1:]) == {LaneState.AWAITING_APPROVAL}


def test_the_honest_seed_of_the_signatures_is_let_in() -> None:
    """An oracle of which one half is never met is half an oracle."""
    door, statuses = slack_door.Door(), []
    ask = door.ask

    async def noting(raw: bytes) -> Any:
        answered = await ask(raw)
        statuses.append(answered.status)
        return answered

    door.ask = noting  # type: ignore[method-assign]
    judge = slack_signatures.judge_of(door)
    for seed in seeds("slack_signatures"):
        judge(seed.read_bytes())

    assert {200, 401} <= set(statuses)
