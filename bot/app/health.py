"""Whether the bot lives, is ready, and why not: /healthz, /readyz, /metrics."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from bot.app.logs import scrub
from bot.app.wiring import Bot
from bot.domain.errors import BotError

STORE_SECONDS = 2.0


async def readiness(bot: Bot) -> dict[str, Any]:
    """Each part with `ok` and words; `ready` when all are. A refused new policy file does not make the bot unready: the last
    good one is in force."""
    parts: dict[str, dict[str, Any]] = {
        "store": await _store(bot),
        "slack": _slack(bot),
        "cloud": {"ok": bot.cloud_health.ok, "why": bot.cloud_health.problem},
        "worker": {"ok": bot.worker.alive, "why": "" if bot.worker.alive else "it is not running"},
        "policy": {"ok": True, "why": bot.keeper.problem, "digest": bot.keeper.policy.digest[:12]},
    }
    return {"ready": all(part["ok"] for part in parts.values()), **parts}


async def _store(bot: Bot) -> dict[str, Any]:
    try:
        async with asyncio.timeout(STORE_SECONDS):
            await bot.outside.store.write(lambda tx: tx.next_due())
    except (BotError, TimeoutError) as error:
        return {"ok": False, "why": str(error) or "it does not answer in time"}
    return {"ok": True, "why": ""}


def _slack(bot: Bot) -> dict[str, Any]:
    if bot.socket is None:
        return {"ok": True, "why": "", "mode": "http"}
    health = bot.socket.health()
    last = health.last_message_at.isoformat() if health.last_message_at else None
    return {
        "ok": health.connected, "why": health.trouble, "mode": "socket", "last_message_at": last,
        "reconnects": health.reconnects, "connections": health.open, "last_change": health.last_change,
    }  # fmt: skip


def add_health_routes(app: web.Application, bot: Bot) -> None:
    """The three pages. None shows a secret. /healthz and /metrics show no name and no text either; /readyz quotes what the
    policy file or the cloud is refused with, and is for those who run the bot."""

    async def healthz(_: web.Request) -> web.Response:
        alive = bot.worker.alive
        return web.json_response({"alive": alive}, status=200 if alive else 500)

    async def readyz(_: web.Request) -> web.Response:
        answer = scrub(await readiness(bot))
        return web.json_response(answer, status=200 if answer["ready"] else 503)

    async def metrics(_: web.Request) -> web.Response:
        ready = (await readiness(bot))["ready"]
        body = await bot.metrics.render(bot.outside, bot.outside.clock.now(), ready)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    if bot.config.service.metrics:
        app.router.add_get("/metrics", metrics)
