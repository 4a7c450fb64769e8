"""The people: what they type and press, how often they try again, and what Slack delivers twice."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from bot.domain.errors import BotError
from bot.domain.model import ClickKind, Lane, LaneId, Person, RequestId
from bot.domain.notices import Buttons, Message
from bot.usecases.receive_click import Clicked, receive_click
from bot.usecases.receive_command import Typed, receive_command
from tests.invariants.evidence import Pressed
from tests.invariants.evidence import Typed as Answered
from tests.simulation import town
from tests.simulation.chance import Fault
from tests.simulation.happening import happened, jump
from tests.simulation.life import LIVING, KilledError, Life
from tests.simulation.script import Deed

if TYPE_CHECKING:
    from tests.simulation.world import World

PATIENCE = 3.0
"""Seconds Slack waits for an acknowledgement."""
IMAGES = (
    "base-ubuntu", "base-debian", "base-rocky", "base-suse", "shop-db", "shop-web", "tool-box",
    "secret-disk", "twin", "theirs", "nothing-like-it",
)  # fmt: skip
WEIGHTS = (9, 9, 9, 9, 7, 7, 7, 1, 1, 1, 1)
PROJECTS = ("shop-dev", "shop-test", "shop-prod", "acme-lab", "shop-pord")
PROJECT_WEIGHTS = (8, 7, 9, 5, 0.7)
REASONS = (
    "CHG-1042", "because of <!channel> & <@U0EVE>", "INC-99 production is down", "*bold* @here `x`", "x",
    "INC-7 nobody answers, all is lost",
)  # fmt: skip


class Crowd:
    def __init__(self, world: World) -> None:
        self._world = world
        self._keys = 0
        self.urls: dict[str, str] = {}

    def new_key(self, person: str) -> tuple[str, str]:
        """A key of a delivery, and the response_url that came with it."""
        self._keys += 1
        url = f"https://hooks.example/secret-{self._keys}"
        self.urls[url] = person
        self._world.seen.secrets.append(url)
        return f"key-{self._keys}", url

    # -- typing -----------------------------------------------------------------------------------------------

    async def types(self, deed: Deed) -> None:
        """Some type the same at once again, as if they had not."""
        await self._types(deed)
        impatient = Random(f"{self._world.seed}/again/{deed.number}")
        if impatient.random() < 0.15:
            await self._rests(impatient.uniform(0, 0.5))
            await self._types(deed)

    async def _types(self, deed: Deed) -> None:
        dice = deed.dice(self._world.seed)
        user = dice.choice(town.REQUESTERS) if dice.random() < 0.93 else town.EVE
        text, channel = self._text(dice), dice.choices(town.CHANNELS, (9, 1))[0]
        if text.startswith("!"):
            text = self._about_a_request(dice, text[1:])
        for _ in range(5):
            key, url = self.new_key(user)
            typed = Typed(
                person=Person(town.TEAM, user), channel=channel, text=text, dedupe_key=key, response_url=url
            )
            self._world.tell("person", f"{user} types: {text}")
            answer = await self._delivered(
                dice, lambda life, typed=typed: receive_command(life.outside, typed)
            )
            if isinstance(answer, Message):
                self._world.tell("person", f"{user} reads: {answer.text[:90]}")
                self._world.seen.typed.append(
                    Answered(
                        at=self._world.now(),
                        person=typed.person,
                        text=text,
                        key=key,
                        answer=answer,
                        response_url=url,
                    )
                )
                return
            await self._rests(dice.uniform(4, 40))

    def _text(self, dice: Random) -> str:
        kind = dice.choices(
            ("share", "unshare", "dry", "!status", "!list", "who", "!why", "!retry", "!cancel", "bad"),
            (60, 14, 4, 2, 1, 3, 2, 6, 5, 2),
        )[0]
        images = ", ".join(dict.fromkeys(dice.choices(IMAGES, WEIGHTS, k=dice.choice((1, 1, 1, 2, 2, 3)))))
        projects = ", ".join(
            dict.fromkeys(dice.choices(PROJECTS, PROJECT_WEIGHTS, k=dice.choice((1, 1, 2, 3))))
        )
        reason = f" because {dice.choice(REASONS)}" if dice.random() < 0.7 else ""
        lasting = f" for {dice.choice(('1h', '2h', '30d', '90d'))}" if dice.random() < 0.4 else ""
        glass = " --break-glass" if dice.random() < 0.2 else ""
        match kind:
            case "share":
                return f"share {images} to {projects}{lasting}{glass}{reason}"
            case "dry":
                return f"share {images} to {projects}{lasting} --dry-run{reason}"
            case "unshare":
                return f"unshare {images} from {projects}{reason}"
            case "who":
                return f"who {images.split(',')[0]}"
            case "bad":
                return dice.choice(
                    ("shrae x to y", "share to", "share base-ubuntu to shop-dev for 3s", "cancel #x")
                )
            case _:
                return kind

    def _about_a_request(self, dice: Random, word: str) -> str:
        if word == "list":
            return f"list {dice.choice(('mine', 'open', 'all'))}"
        return f"{word} #{dice.randint(1, max(1, self._world.requests()) + 1)}"

    # -- pressing ---------------------------------------------------------------------------------------------

    async def presses(self, deed: Deed) -> None:
        dice = deed.dice(self._world.seed)
        found = self._button(dice)
        if found is None:
            return
        buttons, click, ts = found
        user, team = self._presser(dice, click, buttons)
        hash = "0" * 32 if dice.random() < 0.04 else buttons.plan_hash
        reason = "not now <!channel> & <@U0EVE>" if click is ClickKind.REJECT else ""
        for _ in range(2 if dice.random() < 0.12 else 1):
            key, url = self.new_key(user)
            clicked = Clicked(
                person=Person(team, user), channel=town.CHANNELS[0], click=click, lane=buttons.lane, plan_hash=hash,
                dedupe_key=key, message_ts=ts, reason=reason, response_url=url,
            )  # fmt: skip
            await self._press(dice, clicked)

    async def approve_late(self, deed: Deed) -> None:
        """The clock jumps to just behind the deadline of a lane, and several approve it in that moment."""
        dice, world = deed.dice(self._world.seed), self._world
        lane = next(filter(None, (self._waits(dice) for _ in range(8))), None)
        if lane is None or lane.deadline is None:
            return
        seconds = max((lane.deadline - world.wall()).total_seconds() + 4.0, 0.0)
        jump(world, seconds)
        happened(world, deed.kind, f"the clock jumps by {seconds:.0f} s, to the deadline of {lane.id}")
        for user in town.LATE_APPROVERS:
            key, url = self.new_key(user)
            clicked = Clicked(
                person=Person(town.TEAM, user), channel=town.CHANNELS[0], click=ClickKind.APPROVE, lane=lane.id,
                plan_hash=lane.plan_hash, dedupe_key=key, response_url=url,
            )  # fmt: skip
            world.at(0.0, lambda clicked=clicked: self._press(dice, clicked))  # type: ignore[misc]

    def _waits(self, dice: Random) -> Lane | None:
        """The lane of some button, when it has a deadline."""
        found = self._button(dice)
        lane: Lane | None = found and self._world.back.read(lambda view: view.lane(LaneId(found[0].lane)))
        return lane if lane is not None and lane.deadline is not None else None

    async def cancels(self, request: RequestId, requester: Person) -> None:
        """Whoever asked thinks better of it."""
        key, url = self.new_key(requester.user)
        text = f"cancel #{request}"
        typed = Typed(person=requester, channel=town.CHANNELS[0], text=text, dedupe_key=key, response_url=url)
        self._world.tell("person", f"{requester.user} types: {text}")
        await self._delivered(Random(key), lambda life: receive_command(life.outside, typed))

    async def _press(self, dice: Random, clicked: Clicked) -> None:
        """What was not acknowledged is delivered again, the same."""
        user, click = clicked.person.user, clicked.click
        for _ in range(4):
            self._world.tell("person", f"{user} presses {click.value} on {clicked.lane}")
            answer = await self._delivered(dice, lambda life: receive_click(life.outside, clicked))
            if isinstance(answer, bool):
                self._world.seen.pressed.append(
                    Pressed(
                        at=self._world.now(),
                        person=clicked.person,
                        click=click,
                        lane=clicked.lane,
                        plan_hash=clicked.plan_hash,
                        key=clicked.dedupe_key,
                    )
                )
                return
            await self._rests(dice.uniform(1, 20))

    def _button(self, dice: Random) -> tuple[Buttons, ClickKind, str] | None:
        """One that stands on some card; sometimes one that has stood there, on the card as somebody still sees it."""
        standing = [
            (part, one.ref.ts)
            for one in self._world.chat.messages()
            for part in one.message.parts
            if isinstance(part, Buttons)
        ]
        if dice.random() < 0.15 or not standing:
            standing = [
                (part, said.ref.ts if said.ref else "")
                for said in self._world.seen.said
                for part in said.message.parts
                if isinstance(part, Buttons)
            ]
        if not standing:
            return None
        buttons, ts = dice.choice(standing)
        weights = {
            ClickKind.APPROVE: 12,
            ClickKind.REJECT: 1.2,
            ClickKind.CANCEL: 0.8,
            ClickKind.BREAK_GLASS: 4,
        }
        choices = [choice.click for choice in buttons.choices if choice.click is not ClickKind.CHOOSE]
        if choices == [ClickKind.CANCEL] and dice.random() < 0.8:
            return None
        click = dice.choices(choices, [weights.get(one, 6) for one in choices])[0]
        return buttons, click, ts

    def _presser(self, dice: Random, click: ClickKind, buttons: Buttons) -> tuple[str, str]:
        draw = dice.random()
        if draw < 0.05:
            return dice.choice(town.APPROVERS), town.ELSEWHERE
        if draw < 0.15:
            return dice.choice(town.EVERYBODY), town.TEAM
        requester = self._world.requester_of(buttons.lane)
        if requester is not None and click in (ClickKind.CANCEL, ClickKind.RETRY, ClickKind.BREAK_GLASS):
            return requester, town.TEAM
        return dice.choice(town.APPROVERS), town.TEAM

    async def _rests(self, seconds: float) -> None:
        self._world.busy_deeds -= 1
        try:
            await self._world.rest(seconds)
        finally:
            self._world.busy_deeds += 1

    # -- delivering -------------------------------------------------------------------------------------------

    async def _delivered(self, dice: Random, handle: object) -> object:
        """The handler's answer when its acknowledgement came in time; None when it did not."""
        world = self._world
        life = world.some_life(dice)
        if life is None:
            return None
        if again := world.chance.strikes(Fault.DUPLICATE):
            world.at(again.choice((0.0, 0.01, 1.0, 30.0)), lambda: self._again(handle))
        answer = await self._handled(life, handle)
        if answer is not None and world.chance.strikes(Fault.NO_ACK):
            return None
        return answer

    async def _again(self, handle: object) -> None:
        life = self._world.some_life(Random(self._world.seed))
        if life is not None:
            self._world.tell("fault", "Slack delivers it once more")
            await self._handled(life, handle)

    async def _handled(self, life: Life, handle: object) -> object:
        token = LIVING.set(life)
        try:
            task = asyncio.ensure_future(_kept(handle(life)))  # type: ignore[operator]
        finally:
            LIVING.reset(token)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done or task.cancelled() or life.dead:
            return None
        life.worker.nudge()
        answer = task.result()
        return None if isinstance(answer, BaseException) else answer


async def _kept(handled: object) -> object:
    """Its error instead of its value, when it is one of the bot's own."""
    try:
        return await handled  # type: ignore[misc]
    except (BotError, KilledError) as error:
        return error
