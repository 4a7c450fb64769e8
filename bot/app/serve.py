"""Starting, running and stopping, in the order that loses nothing: what comes in stops first, the store closes last."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

import structlog
from aiohttp import web

from bot.adapters.slack.http import add_routes
from bot.app.audit_upkeep import AuditUpkeep, Rounds
from bot.app.health import add_health_routes
from bot.app.listening import IDLE, CappedSite
from bot.app.logs import set_up_log
from bot.app.wiring import Bot, wired
from bot.config import Config
from bot.domain.errors import BotError, OperatorError
from bot.domain.notices import Message, NoticeDraft, NoticeKind
from bot.ports import Transaction

log = structlog.get_logger("serve")

POLICY_LOOK = 2.0
"""Seconds between two looks at the policy file."""
DRAIN = 2.0
"""Seconds for private answers under way at the stop."""


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[tuple[Bot, str]]:
    """A bot at work, and the address its HTTP server listens on. Left in good order: taking stops, work in hand is finished
    within IMAGEBOT_SHUTDOWN_TIMEOUT, the rest keeps its claim until the lease ends."""
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(wired(config))
        upkeep = _upkeep(bot)
        await _record(
            bot,
            "bot_started",
            {"policy": bot.keeper.policy.digest, "mode": "socket" if bot.socket else "http"},
        )
        await upkeep.say_head()
        stack.push_async_callback(upkeep.say_head)
        stack.push_async_callback(_record_the_stop, bot)
        bot.worker.start()
        stack.push_async_callback(bot.worker.stop, config.service.shutdown_timeout - DRAIN)
        stack.push_async_callback(bot.answers.drain, DRAIN)
        for work in (bot.cloud_health.watch(), _watch_policy(bot), upkeep.watch()):
            stack.push_async_callback(_cancel, asyncio.create_task(work))
        address = await _listen(bot, stack)
        if bot.socket is not None:
            await bot.socket.start()
            stack.push_async_callback(bot.socket.close)
        log.info(
            "ready_to_serve",
            address=address,
            mode="socket" if bot.socket else "http",
            command=config.slack.command,
        )
        yield bot, address


async def _listen(bot: Bot, stack: AsyncExitStack) -> str:
    app = web.Application()
    add_health_routes(app, bot)
    if bot.socket is None:
        add_routes(app, bot.bolt)
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=DRAIN, keepalive_timeout=IDLE
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    host, port = bot.config.service.listen_address
    site = CappedSite(runner, host, port, most=bot.config.service.max_connections)
    try:
        await site.start()
    except OSError as error:
        raise OperatorError(
            f"IMAGEBOT_LISTEN={host}:{port} cannot be listened on: {error.strerror}."
        ) from None
    bound = runner.addresses[0]
    return f"http://{bound[0]}:{bound[1]}"


def _upkeep(bot: Bot) -> AuditUpkeep:
    service = bot.config.service
    rounds = Rounds(
        anchor_every=timedelta(seconds=service.audit_anchor_every),
        keep=service.audit_keep,
        archive=service.audit_archive,
    )
    return AuditUpkeep(bot.outside, rounds, bot.config.slack.ops_channel, bot.alerts.trouble)


async def _record(bot: Bot, kind: str, data: dict[str, object]) -> None:
    now = bot.outside.clock.now()
    await bot.outside.store.write(lambda tx: tx.record(kind, at=now, data=data))


async def _record_the_stop(bot: Bot) -> None:
    """A store that is away is no reason to end as if the bot had failed: a supervisor would start it again."""
    try:
        await _record(bot, "bot_stopped", {})
    except BotError as error:
        log.error("store_unavailable", error=error.message)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _watch_policy(bot: Bot) -> None:
    """Loads a changed policy file; what happened is recorded and told in the ops channel."""
    while True:
        await asyncio.sleep(POLICY_LOOK)
        if bot.keeper.changed():
            await reload_policy(bot)


async def reload_policy(bot: Bot) -> None:
    """Now, whether the file looks changed or not (SIGHUP)."""

    async def announce(kind: str, sentence: str) -> None:
        now, channel = bot.outside.clock.now(), bot.config.slack.ops_channel

        def store(tx: Transaction) -> None:
            tx.record(kind, at=now, data={"policy": bot.keeper.policy.digest, "what": sentence})
            if channel is not None:
                tx.add_notice(
                    NoticeDraft(kind=NoticeKind.CHANNEL, channel=channel, message=Message(sentence)), now
                )

        await bot.outside.store.write(store)
        bot.worker.nudge()

    await bot.keeper.reload(announce)


def _spare_the_collector() -> None:
    """What was made by now (modules, classes, the wiring) stays until the end. Each full search of it for garbage would hold
    up everything, the acknowledgements too, for some 50 ms. From here on there is garbage to be found."""
    gc.freeze()
    gc.enable()


async def serve(config: Config, started: Callable[[str], None] = lambda _: None) -> None:
    """Runs until SIGTERM or SIGINT. `started` is told the address once everything runs. Who asks to stop before that, or for
    the second time, is not kept waiting: what is in hand is left to the next start."""
    set_up_log(config.service.log, secrets=config.secrets())
    stop = _Stop()
    with suppress(_HurriedError):
        async with stop.hurries():
            await _serve(config, started, stop)
    log.info("stopped")


class _HurriedError(Exception):
    """Somebody would not wait."""


class _Stop:
    """What SIGTERM and SIGINT come to."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._serving = False

    @asynccontextmanager
    async def hurries(self) -> AsyncIterator[None]:
        """Raises _HurriedError when what is inside was cut short by a signal."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def ask() -> None:
            if self._asked.is_set() or not self._serving:
                task.cancel()
            self._asked.set()

        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, ask)
        try:
            yield
        except asyncio.CancelledError:
            if not self._asked.is_set():
                raise
            raise _HurriedError from None

    async def wait(self) -> None:
        self._serving = True
        await self._asked.wait()


async def _serve(config: Config, started: Callable[[str], None], stop: _Stop) -> None:
    loop = asyncio.get_running_loop()
    async with running(config) as (bot, address):
        reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = loop.create_task(reload_policy(bot))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        _spare_the_collector()
        started(address)
        await stop.wait()
        log.info("stopping")
