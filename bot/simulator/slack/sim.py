"""SimSlack: one small strict Slack workspace with one installed app, served on loopback.

The test's or the demo's handle on everything else in this package. It is written from Slack's documentation
alone and uses nothing of the app it is spoken to by.
"""

from __future__ import annotations

from aiohttp import web

from bot.simulator.slack import control, page
from bot.simulator.slack.desk import Desk

_BODY_LIMIT = 4 * 2**20


class SimSlack(Desk):
    """A workspace. Start it, add people and channels, point an app at `api_url`, and act as the people."""

    _runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> str:
        """The base url, once requests are answered. A stopped one may be started again, with all it knows."""
        self.web_api.closing.clear()
        self.sockets.closing.clear()
        app = web.Application(client_max_size=_BODY_LIMIT, middlewares=[control.guard])
        app.router.add_route("*", "/api/{method}", self.web_api.handle)
        app.router.add_post("/actions/{team}/{seq}/{secret}", self.urls.handle)
        app.router.add_get("/link", self.sockets.handle)
        control.add_routes(app, self)
        page.add_routes(app, self)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{bound}"
        self.sockets.base = f"ws://127.0.0.1:{bound}"
        return self.url

    async def stop(self) -> None:
        """Safe to call twice."""
        self.web_api.closing.set()
        await self.sockets.stop()
        await self.courier.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> SimSlack:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
