"""What happens to the world behind the bot's back, at its time."""

from __future__ import annotations

from collections.abc import Awaitable
from random import Random
from typing import TYPE_CHECKING

from bot.domain.model import AuditEvent, ImageId, ProjectId
from bot.domain.states import LaneState
from bot.ports import View
from tests.simulation import town
from tests.simulation.chance import Fault
from tests.simulation.happening import happened, jump
from tests.simulation.script import Deed, DeedKind

if TYPE_CHECKING:
    from tests.simulation.life import Life
    from tests.simulation.world import World


def happen(world: World, deed: Deed) -> Awaitable[None] | None:
    """One deed that is no person's command or click."""
    dice = deed.dice(world.seed)
    told: str | None
    match deed.kind:
        case DeedKind.CONSOLE:
            told = _console(world, dice)
        case DeedKind.POLICY:
            told = _policy(world, dice)
        case DeedKind.JOINS:
            group = dice.choice(sorted(town.MEMBERS))
            told = world.town.change(group, dice.choice((*town.MEMBERS[group], town.EVE)))
        case DeedKind.CLOCK:
            seconds = dice.choice((-9.0, -2.0, 90.0, 600.0, 3600.0))
            jump(world, seconds)
            told = f"the clock jumps by {seconds:g} s"
        case DeedKind.LATE:
            return world.crowd.approve_late(deed)
        case DeedKind.SECOND | DeedKind.FREEZE | DeedKind.STOP:
            return _to_a_process(world, deed.kind, dice)
        case _:
            told = _storm(world, deed.kind, dice)
    if told is not None:
        happened(world, deed.kind, told)
    return None


def _policy(world: World, dice: Random) -> str:
    """Edited for good; or for a while, as somebody does who closes everything for an hour."""
    number = dice.randrange(town.LASTING)
    if dice.random() < 0.5:
        world.set_policy(number)
        return f"the policy becomes variant {number}"
    passing = dice.choice(town.FOR_A_WHILE)
    after = _for_a_while(world, passing, number, dice)
    return f"the policy becomes variant {passing} for a while, then {after}"


def _for_a_while(world: World, passing: int, number: int, dice: Random) -> int:
    """The variant that follows: the one before, or this number where that was passing, too."""
    before = town.policies().index(world.policy)
    after = before if before < town.LASTING else number
    world.set_policy(passing)
    world.at(dice.uniform(60, 300), lambda: world.set_policy(after))
    return after


def became(world: World, event: AuditEvent, by: tuple[Life, object]) -> None:
    """Something became durable, `by` a task of a process (None: several at once). Now and then that is just when somebody makes
    the policy stricter."""
    life, task = by
    if event.kind == "lane_started" and (number := event.request) is not None and task is not None:
        requester = world.back.read(lambda view: view.request(number)).requester
        if (known := life.looked_up.get((task, requester))) is not None:
            world.seen.started_on.append((event.id, known))
    put_back = event.request if event.kind == "job_put_back" else None
    if put_back is not None and (dice := world.chance.strikes(Fault.CANCEL_RACE)):
        request = world.back.read(lambda view: view.request(put_back))
        world.at(dice.uniform(0, 1), lambda: world.crowd.cancels(request.id, request.requester))
    if event.data.get("state") == "approved" and (dice := world.chance.strikes(Fault.POLICY_RACE)):
        world.at(dice.uniform(0, 0.1), lambda: _race(world, dice))


def _race(world: World, dice: Random) -> None:
    _for_a_while(world, dice.choice((town.CLOSED, 1, 2)), 0, dice)
    world.tell("fault", "the policy becomes stricter for a while")


def _console(world: World, dice: Random) -> str | None:
    ims = world.ims
    ims.pass_time()
    own = sorted(id for id, facts in ims.images.items() if facts.owned)
    if not own:
        return None
    image, project = dice.choice(own[:7]), ProjectId(dice.choice((town.DEV, town.TEST, town.PROD, town.LAB)))
    what = dice.choice(("share", "remove", "accept", "reject", "delete"))
    there = project in ims.members_now.get(image, {})
    if what == "delete" and dice.random() < 0.6:
        waiting = _waited_for(world)
        image = dice.choice(waiting) if waiting else image
        ims.remove_image(image)
        return f"image {image[-4:]} is deleted in the console"
    if what == "share" or not there:
        ims.set_member((image, project), "pending")
        return f"{image[-4:]}>{project[:4]} is shared in the console"
    if what == "accept":
        ims.set_member((image, project), "accepted")
        return f"{image[-4:]}>{project[:4]} is accepted by its receiver"
    if what == "reject":
        ims.set_member((image, project), "rejected")
        return f"{image[-4:]}>{project[:4]} is rejected by its receiver"
    ims.set_member((image, project), None)
    return f"{image[-4:]}>{project[:4]} is removed in the console"


def _waited_for(world: World) -> list[ImageId]:
    """Images of lanes that wait for approval."""

    def query(view: View) -> list[ImageId]:
        lanes = (lane for request in view.requests("open") for lane in view.lanes(request.id))
        waiting = (lane for lane in lanes if lane.state is LaneState.AWAITING_APPROVAL)
        return sorted({member.image.id for lane in waiting for member in view.members(lane.id)})

    found: list[ImageId] = world.back.read(query)
    return found


def _to_a_process(world: World, kind: DeedKind, dice: Random) -> Awaitable[None] | None:
    alive = world.alive()
    if not alive:
        return None
    life = dice.choice(alive)
    if kind is DeedKind.SECOND:
        if len(alive) > 1:
            return None
        happened(world, kind, "a second process is started beside the first")
        world.start_life()
        return None
    world.interrupted()
    if kind is DeedKind.FREEZE:
        length = dice.choice((5.0, 40.0, 75.0, 200.0, 400.0))
        life.freeze(length)
        world.seen.staleness = max(world.seen.staleness, 90.0 + length)
        happened(world, kind, f"process {life.number} is frozen for {length:g} s")
        if len(alive) == 1 and dice.random() < 0.7:
            world.at(dice.uniform(1, length), world.start_life)
        return None
    happened(world, kind, f"process {life.number} is asked to stop")
    return _stop(world, life, dice.choice((0.0, 0.05, 1.0, 20.0)))


async def _stop(world: World, life: object, seconds: float) -> None:
    from tests.simulation.life import Life

    assert isinstance(life, Life)
    world.at(0.5, world.start_life)
    await life.stop(seconds)
    life.hand.close()
    world.tell("life", f"process {life.number} has stopped", life)


def _storm(world: World, kind: DeedKind, dice: Random) -> str | None:
    until = world.now() + dice.choice((3.0, 15.0, 60.0, 200.0))
    if kind is DeedKind.STORM_CLOUD:
        world.ims.busy_until = until
        return f"the cloud takes no calls until {until:.0f}"
    if kind is DeedKind.STORM_CHAT:
        world.chat_busy_until = until
        return f"Slack takes no calls until {until:.0f}"
    if kind is DeedKind.STORM_STORE:
        world.store_busy_until = min(until, world.now() + 20)
        return f"the store is busy until {world.store_busy_until:.0f}"
    if kind is DeedKind.CHANNEL:
        channel = dice.choices(town.CHANNELS, (4, 1))[0]
        word = dice.choice(("not_in_channel", "channel_not_found", "is_archived"))
        world.chat.unreachable[channel] = word
        world.at(until - world.now(), lambda: _open(world, channel))
        return f"{channel} is closed to the bot ({word}) until {until:.0f}"
    roots = [one for one in world.chat.messages() if one.thread is None and one.ref.channel in town.CHANNELS]
    if not roots:
        return None
    gone = dice.choice(roots)
    world.chat.delete(gone.ref)
    for said in world.seen.said:
        said.gone = said.gone or said.ref == gone.ref
    return f"the message {gone.ref.ts} is deleted in Slack"


def _open(world: World, channel: str) -> None:
    world.chat.unreachable.pop(channel, None)
