"""`imagebot demo`: the real bot against a simulated Slack and a simulated cloud, played as a story in the terminal.

`world` is the stage, `policy` what is allowed on it, `child` the bot as a process, `talk` what people do and see, `story` the
steps, `drawing` and `teller` how it looks. Every step is checked against what the simulators hold; nothing is taken from the
bot's own word.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bot.cli.demo.child import Bot
from bot.cli.demo.story import STEPS, Scene
from bot.cli.demo.talk import Talk
from bot.cli.demo.teller import Teller, console
from bot.cli.demo.world import WentWrongError, World

__all__ = ["play"]


async def play(*, keep: bool) -> bool:
    """Whether every step of the story really happened; what did not is printed.

    With `keep`, everything is left running afterwards, with its addresses, until Ctrl-C. However it ends, the bot's process is
    ended and the temporary folder removed.
    """
    tell = Teller(console())
    with _ended_by(signal.SIGTERM, signal.SIGHUP):
        async with _staged() as (world, bot):
            good = await _told(world, bot, tell)
            if keep:
                await _kept(world, bot, tell)
            elif good:
                tell.line("To try it yourself in a browser: imagebot demo --keep")
            return good


@asynccontextmanager
async def _staged() -> AsyncIterator[tuple[World, Bot]]:
    """A furnished world and a bot that is not started yet; gone afterwards, the bot first."""
    with tempfile.TemporaryDirectory(prefix="imagebot-demo-") as folder:
        world = World()
        bot = Bot(Path(folder), world)
        try:
            await world.open()
            yield world, bot
        finally:
            try:
                await bot.stop()
            finally:
                await world.close()


async def _told(world: World, bot: Bot, tell: Teller) -> bool:
    began = asyncio.get_running_loop().time()
    _opening(world, tell)
    try:
        await bot.start()
        tell.named("bot", f"{bot.address}/readyz  (process {bot.pid})")
        scene = Scene(world=world, bot=bot, tell=tell, talk=Talk(world, tell))
        for number, (title, caption, step) in enumerate(STEPS, start=1):
            tell.step(number, title, caption)
            await step(scene)
    except WentWrongError as error:
        tell.wrong(str(error), error.log or bot.complaints())
        return False
    seconds = asyncio.get_running_loop().time() - began
    tell.ending(f"All {len(STEPS)} steps really happened, in {seconds:.0f} seconds.")
    return True


def _opening(world: World, tell: Teller) -> None:
    tell.title("imagebot demo: the real bot, a simulated Slack and a simulated Huawei Cloud, on this machine")
    tell.line(
        "Anna, Ben and Lea are engineers, Lea and Omar platform leads. All of this is in the channel #images."
    )
    tell.line(
        "“to anna” is what only Anna sees; ✓ is what the simulators hold, looked up behind the bot's back."
    )
    tell.named("slack", f"{world.slack.url}  (open it in a browser to watch)")
    tell.named("cloud", f"{world.cloud.url}/sim/state")


async def _kept(world: World, bot: Bot, tell: Teller) -> None:
    """Says where everything is, and returns at Ctrl-C."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    tell.ending("Everything keeps running. Ask the bot something yourself, as anybody you like:")
    for name, place in (
        ("slack", f"{world.slack.url}  (in a browser)"),
        ("cloud", f"{world.cloud.url}/sim/state"),
        ("bot", f"{bot.address}/readyz  {bot.address}/metrics"),
        ("policy", str(bot.policy)),
        ("database", str(bot.database)),
        ("log", str(bot.log)),
    ):
        tell.named(name, place)
    tell.line(
        "The policy is read again when the file changes. Ctrl-C stops all of it and removes the folder."
    )
    loop.add_signal_handler(signal.SIGINT, stop.set)
    try:
        await stop.wait()
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@contextmanager
def _ended_by(*signs: signal.Signals) -> Iterator[None]:
    """Within it these signals end the task in good order, and then the process with the code a shell expects."""
    loop, task, got = asyncio.get_running_loop(), asyncio.current_task(), list[signal.Signals]()

    def end(sign: signal.Signals) -> None:
        got.append(sign)
        if task is not None:
            task.cancel()

    for sign in signs:
        loop.add_signal_handler(sign, end, sign)
    try:
        yield
    except asyncio.CancelledError:
        if got:
            raise SystemExit(128 + got[0]) from None
        raise
    finally:
        for sign in signs:
            loop.remove_signal_handler(sign)
