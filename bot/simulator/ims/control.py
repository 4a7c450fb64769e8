"""The console over HTTP, below /sim/, for another process: see the state, order trouble. No part of IMS.

`GET /sim/state` is everything; `POST /sim/NAME` calls the action of that name with the JSON object's fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web


@dataclass
class Control:
    state: Callable[[], Mapping[str, Any]]
    actions: Mapping[str, Callable[..., Any]]

    def table(self) -> list[web.RouteDef]:
        return [
            web.get("/sim/state", self.show, allow_head=False),
            web.post("/sim/{action}", self.act),
        ]

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(self.state(), dumps=lambda value: json.dumps(value, default=_plain))

    async def act(self, request: web.Request) -> web.Response:
        """{"result"}: what the action returned; 400 {"problem"} when it cannot be, 404 for none such."""
        action = self.actions.get(request.match_info["action"])
        if action is None:
            return web.json_response({"problem": f"actions: {', '.join(self.actions)}"}, status=404)
        try:
            fields = json.loads(await request.read() or b"{}")
            result = action(**fields)
        except (ValueError, TypeError, KeyError, AttributeError) as wrong:
            return web.json_response({"problem": str(wrong)}, status=400)
        return web.json_response({"result": result})


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
