"""One seed, from its script to what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from bot.domain.states import LaneState
from tests.invariants import violations_of
from tests.invariants.evidence import Collected, Violation
from tests.simulation.chance import Hit
from tests.simulation.loop import NothingLeftError, VirtualLoop, run_virtually
from tests.simulation.script import Script, script_of
from tests.simulation.story import Story
from tests.simulation.world import Changed, World, of_a_life


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one run showed."""

    script: Script
    violations: tuple[Violation, ...]
    injected: Mapping[str, int]
    """How often each kind of trouble really struck, by its words."""
    hits: tuple[Hit, ...]
    digest: str
    """Of the whole story; the same for the same script."""
    counts: Mapping[str, int]
    """Requests, lanes, jobs, crashes, messages; and each end state of a lane."""
    story: tuple[str, ...] = ()
    """In words, when they were asked for."""
    seen: Collected = field(default_factory=Collected, repr=False)


def run_seed(seed: int, *, loud: bool = False, changed: Changed | None = None) -> Outcome:
    """The story of a seed, played and judged. The same seed gives the same, in every process."""
    return run_script(script_of(seed), loud=loud, changed=changed)


def run_script(
    script: Script, *, loud: bool = False, changed: Changed | None = None, hasty: bool = False
) -> Outcome:
    """`changed` may replace a port of every process, such as by a broken one. `hasty`: end with the first broken promise that
    shows before the end."""
    story = Story(loud=loud)
    worlds: list[World] = []

    async def main(loop: VirtualLoop) -> None:
        world = World(script, loop, story, changed or (lambda outside: outside))
        world.hasty = hasty
        worlds.append(world)
        try:
            await world.run()
        finally:
            world.close()

    with _silence():
        try:
            run_virtually(main, of_a_life)
        except NothingLeftError:
            worlds[0].bug("everything waits for ever")
    world = worlds[0]
    late = [] if world.over else violations_of(world.seen)
    violations = (*dict.fromkeys((*world.violations, *late)),)
    for violation in violations:
        story.tell(world.now(), "BROKEN", str(violation), 0)
    return Outcome(
        script=script, violations=violations, injected=_injected(world), hits=tuple(world.chance.hits),
        digest=story.digest, counts=_counts(world), story=tuple(story.lines), seen=world.seen,
    )  # fmt: skip


class _silence:  # noqa: N801
    """The bot's log is not printed. What the worker calls a bug is heard by its reports."""

    def __enter__(self) -> None:
        self._before = structlog.get_config()
        structlog.configure(processors=[_drop])

    def __exit__(self, *_: object) -> None:
        structlog.configure(**self._before)


def _drop(logger: object, method: str, event: object) -> str:
    raise structlog.DropEvent


def _injected(world: World) -> Mapping[str, int]:
    hits = Counter(kind.value for kind, _ in world.chance.hits)
    hits.update(kind.value for kind in world.done)
    return hits


def _counts(world: World) -> Mapping[str, int]:
    stored, seen = world.seen.stored, world.seen
    counts = Counter(
        {
            "requests": len(stored.requests), "lanes": len(stored.lanes), "jobs": len(stored.jobs),
            "decisions": len(stored.decisions), "crashes": world.deaths, "processes": len(world.lives),
            "submits": len(seen.calls), "messages": len(seen.said), "commands": len(seen.typed),
            "clicks": len(seen.pressed), "steps": world.story.steps,
        }
    )  # fmt: skip
    ends = Counter(lane.state.value for lane in stored.lanes)
    counts.update({f"lanes {state.value}": ends[state.value] for state in LaneState})
    return counts
