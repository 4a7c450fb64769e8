"""Those who ask the same at the same moment share one call, and nobody gets an answer older than the question."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.huawei.sharing import MOMENT, SharedReads


class Source:
    """Counts, and answers with the number of the call."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.answer = asyncio.Event()

    async def read(self, key: str) -> int:
        self.calls.append(key)
        number = len(self.calls)
        await self.answer.wait()
        if key == "broken":
            raise LookupError(key)
        return number


async def test_two_at_the_same_moment_share_one_call() -> None:
    """A lane's jobs that end together ask for the same images."""
    source = Source()
    source.answer.set()
    shared = SharedReads(source.read)

    assert await asyncio.gather(shared.get("a"), shared.get("a"), shared.get("b")) == [1, 1, 2]
    assert source.calls == ["a", "b"]


async def test_who_comes_when_the_call_is_under_way_makes_one_of_their_own() -> None:
    """Its answer may be from before what they have to know."""
    source = Source()
    shared = SharedReads(source.read)
    first = asyncio.create_task(shared.get("a"))
    while not source.calls:
        await asyncio.sleep(MOMENT)
    second = asyncio.create_task(shared.get("a"))
    while len(source.calls) < 2:
        await asyncio.sleep(MOMENT)
    source.answer.set()

    assert await asyncio.gather(first, second) == [1, 2]


async def test_an_error_is_everybodys_and_the_next_asks_anew() -> None:
    """Nobody may be left waiting for a call that failed."""
    source = Source()
    source.answer.set()
    shared = SharedReads(source.read)

    outcomes = await asyncio.gather(shared.get("broken"), shared.get("broken"), return_exceptions=True)

    assert [type(each) for each in outcomes] == [LookupError, LookupError]
    with pytest.raises(LookupError):
        await shared.get("broken")
    assert source.calls == ["broken", "broken"]


async def test_one_who_is_cancelled_leaves_the_others_their_answer() -> None:
    """A claim that ran out must not take the other's reading with it."""
    source = Source()
    source.answer.set()
    shared = SharedReads(source.read)
    first, second = (asyncio.create_task(shared.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()

    assert await second == 1
    assert source.calls == ["a"]
