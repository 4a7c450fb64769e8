"""The slash command's way through Bolt: served as soon as its signature is verified. Bolt's search for a listener and
the dozens of arguments it prepares for one would take longer than storing the request; a command needs none of them.
Lives here: when. What is done with a command is the listener's.

Follows https://docs.slack.dev/tools/bolt-python/concepts/global-middleware.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse


class CommandFirst(AsyncMiddleware):
    """For Bolt's `before_authorize`, which stands behind the check of the signature and before everything else. Anything but
    `command` goes on to the listeners."""

    def __init__(self, command: str, listener: Callable[..., Awaitable[None]]) -> None:
        """`listener` is called with `ack` and the body; nothing may come out of it."""
        self._command, self._listener = command, listener

    async def async_process(
        self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Callable[[], Awaitable[Any]]
    ) -> BoltResponse | None:
        if req.body.get("command") != self._command:
            await next()
            return resp
        ack = req.context.ack
        await self._listener(ack, req.body)
        return ack.response or BoltResponse(status=200)
