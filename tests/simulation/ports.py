"""The ports as one process has them: every call is a border at which time passes, the process may die, and things go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from bot.domain.errors import ChatBusyError, ChatCutError, StoreBrokenError, StoreBusyError
from bot.domain.model import (
    Action,
    Actor,
    CloudMember,
    GroupDef,
    GroupName,
    ImageFacts,
    ImageId,
    MessageRef,
    Person,
    ProjectId,
)
from bot.domain.notices import Message
from bot.ports import JobReading, Ticket, Transaction, View
from tests.invariants.evidence import Said
from tests.simulation.chance import Fault
from tests.simulation.life import Life
from tests.simulation.loop import at_once
from tests.simulation.stores import Hand

T = TypeVar("T")


async def crossing(life: Life, what: str, effect: Callable[[], T]) -> T:
    """The effect, with time before and after it. The process may die before it, or before it learns of it."""
    world = life.world
    await life.pause(world.latency())
    if world.chance.strikes(Fault.CRASH_BEFORE):
        world.crash(life, f"before {what}")
    try:
        value = effect()
    except Exception as error:
        world.tell("call", f"{what}: {type(error).__name__}", life)
        await life.pause(world.latency())
        raise
    world.tell("call", what, life)
    if world.chance.strikes(Fault.CRASH_AFTER):
        world.crash(life, f"after {what}, before its answer")
    dice = world.chance.strikes(Fault.SLOW_CALL)
    await life.pause(dice.uniform(5, 40) if dice else world.latency())
    return value


class SimulatedStore:
    """One process's way into the store. Steps that come within the same moment are kept by the same commit."""

    def __init__(self, life: Life, hand: Hand) -> None:
        self._life, self._hand, self._world = life, hand, life.world
        self._waiting: list[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]] = []
        self._bringers: list[object] = []

    async def write(self, step: Callable[[Transaction], T]) -> T:
        world, life = self._world, self._life
        await life.pause(world.latency() if world.dice.random() < 0.5 else 0.0)
        self._trouble()
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((step, future))
        self._bringers.append(asyncio.current_task())
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(world.dice.uniform(0.0005, 0.004), self._flush)
        life.in_flight += 1
        try:
            value: T = await future
        finally:
            life.in_flight -= 1
        await life.pause(world.latency() if world.dice.random() < 0.3 else 0.0)
        return value

    async def read(self, query: Callable[[View], T]) -> T:
        """The crews' looking for work is told by its code: it takes no time, as it would only cost some."""
        self._life.check()
        if self._life.frozen_until <= self._world.now() and query.__qualname__.startswith("Crew._ahead"):
            return query(cast(View, self._world.agenda))
        await self._life.pause(self._world.latency())
        self._trouble()
        value: T = self._world.back.read(query)
        return value

    async def close(self) -> None:
        self._hand.close()

    def _trouble(self) -> None:
        world = self._world
        if world.now() < world.store_busy_until or world.chance.strikes(Fault.STORE_BUSY):
            world.interrupted()
            raise StoreBusyError
        if world.chance.strikes(Fault.STORE_BROKEN):
            world.interrupted()
            raise StoreBrokenError

    def _flush(self) -> None:
        world, life = self._world, self._life
        if life.dead:
            return
        if life.frozen_until > world.now():
            asyncio.get_running_loop().call_later(life.frozen_until - world.now(), self._flush)
            return
        batch = [one for one in self._waiting if not one[1].cancelled()]
        self._waiting.clear()
        alone = self._bringers[0] if len(self._bringers) == 1 else None
        self._bringers.clear()
        steps = [step for step, _ in batch]
        if world.chance.strikes(Fault.CRASH_BEFORE_COMMIT):
            self._hand.undo(steps)
            world.kill(life, "before a commit")
            return
        answers = self._hand.commit(steps)
        world.committed(life, alone)
        if world.chance.strikes(Fault.CRASH_AFTER_COMMIT):
            world.kill(life, "after a commit")
            return
        for (_, future), (value, error) in zip(batch, answers, strict=True):
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)


class SimulatedCloud:
    def __init__(self, life: Life) -> None:
        self._life, self._ims = life, life.world.ims

    async def find_images(self, refs: Sequence[str]) -> Mapping[str, tuple[ImageFacts, ...]]:
        return await crossing(self._life, "find images", lambda: self._ims.find_images(refs))

    async def image_names(self) -> tuple[str, ...]:
        return await crossing(self._life, "image names", self._ims.image_names)

    async def members(self, image: ImageId) -> tuple[CloudMember, ...]:
        return await crossing(self._life, f"read members of {image[-4:]}", lambda: self._ims.members(image))

    async def submit(
        self, action: Action, images: Sequence[ImageId], projects: Sequence[ProjectId]
    ) -> Ticket:
        def effect() -> Ticket:
            before = len(self._life.world.seen.calls)
            try:
                return self._ims.submit(action, images, projects)
            finally:
                self._life.world.called(before)

        pairs = ", ".join(f"{i[-4:]}>{p[:4]}" for i in images for p in projects)
        return await crossing(self._life, f"submit {action.value} {pairs}", effect)

    async def job(self, job_id: str) -> JobReading:
        return await crossing(self._life, f"ask about job {int(job_id, 16)}", lambda: self._ims.job(job_id))

    async def check(self) -> str:
        return self._ims.check()

    async def close(self) -> None:
        return


class SimulatedChat:
    """Slack as it stands in memory, with ordered trouble and a diary of what people saw."""

    def __init__(self, life: Life) -> None:
        self._life, self._world = life, life.world

    async def post(
        self, channel: str, message: Message, *, thread: str | None = None, mark: str = "", **rest: Any
    ) -> MessageRef:
        said = Said(at=0, method="post", channel=channel, thread=thread, message=message, mark=mark)
        if channel[:1] == "U":
            said.user = channel
        call = self._world.chat.post(channel, message, thread=thread, mark=mark, **rest)
        ref: MessageRef = await self._send(said, call, channel)
        return ref

    async def update(self, ref: MessageRef, message: Message, **rest: Any) -> None:
        said = Said(at=0, method="update", channel=ref.channel, message=message, ref=ref)
        await self._send(said, self._world.chat.update(ref, message, **rest), ref.channel)

    async def whisper(self, channel: str, user: str, message: Message, **rest: Any) -> None:
        said = Said(at=0, method="whisper", channel=channel, user=user, message=message)
        await self._send(said, self._world.chat.whisper(channel, user, message, **rest), channel)

    async def respond(self, response_url: str, message: Message, **rest: Any) -> bool:
        said = Said(at=0, method="respond", user=self._world.url_owner(response_url), message=message)
        if response_url not in self._world.chat.dead_urls and self._world.chance.strikes(Fault.URL_DEAD):
            self._world.chat.dead_urls.add(response_url)
        call = self._world.chat.respond(response_url, message, **rest)
        return bool(await self._send(said, call, ""))

    async def find(self, channel: str, key: str, **rest: Any) -> MessageRef | None:
        def effect() -> MessageRef | None:
            if self._world.chance.strikes(Fault.CHAT_BUSY):
                raise ChatBusyError
            found: MessageRef | None = at_once(self._world.chat.find(channel, key, **rest))
            return found

        return await crossing(self._life, f"look for {key} in {channel}", effect)

    def address(self, ref: MessageRef) -> str:
        return self._world.chat.address(ref)

    async def _send(self, said: Said, call: Any, channel: str) -> Any:
        """The call is begun only at its moment; its coroutine never waits."""
        begun = [False]

        def effect() -> Any:
            self._order(said.method)
            begun[0] = True
            standing = self._standing(said)
            try:
                return at_once(call)
            except ChatCutError:
                self._world.interrupted()
                raise
            finally:
                if self._standing(said) != standing:
                    self._world.stood(said)

        text = said.message.text.replace("\n", " ")[:70]
        try:
            where = f"to {said.user}" if said.user else f"in {channel}"
            return await crossing(
                self._life, f"{said.method} {where}{'*' if said.mark else ''}: {text}", effect
            )
        finally:
            if not begun[0]:
                call.close()

    def _standing(self, said: Said) -> object:
        """Differs once it stands there."""
        chat = self._world.chat
        match said.method:
            case "post":
                return len(chat.messages())
            case "update":
                return next((one.edits for one in chat.messages() if one.ref == said.ref), None)
            case "whisper":
                return len(chat.whispers)
            case _:
                return len(chat.responses)

    def _order(self, method: str) -> None:
        """Trouble for the call that follows at once."""
        world = self._world
        chat: Any = world.chat
        if world.now() < world.chat_busy_until:
            chat.fail(
                "busy", method=method, retry_after=round(min(world.chat_busy_until - world.now(), 10.0), 1)
            )
        elif dice := world.chance.strikes(Fault.CHAT_BUSY):
            chat.fail("busy", method=method, retry_after=dice.choice((None, 1.0, 3.0, 30.0)))
        elif world.chance.strikes(Fault.CHAT_CUT_BEFORE):
            chat.fail("cut_before", method=method)
        elif world.chance.strikes(Fault.CHAT_CUT_AFTER):
            chat.fail("cut_after", method=method)
        elif world.chance.strikes(Fault.CHAT_AUTH):
            chat.fail("auth", method=method)


class SimulatedPeople:
    def __init__(self, life: Life) -> None:
        self._life, self._town = life, life.world.town

    async def actor(self, person: Person, groups: Mapping[GroupName, GroupDef]) -> Actor:
        def effect() -> Actor:
            found = self._town.actor(person, groups)
            self._life.looked_up[asyncio.current_task(), person] = found
            return found

        return await crossing(self._life, f"look up {person.user}", effect)

    async def group_members(self, group: GroupDef) -> frozenset[Person] | None:
        return await crossing(self._life, f"look up {group.name}", lambda: self._town.members(group))
