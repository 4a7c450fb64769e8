"""JSON doors under /sim for another process: what is there, and to do what a person does.

Bound to loopback; a page of another site is kept out by its Origin, a rebound name by the Host.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.simulator.slack.desk import Desk
from bot.simulator.slack.model import Delivery, Json, SimError, SimMessage
from bot.simulator.slack.workspace import buttons_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Door = Callable[[Desk, Json], Awaitable[Any]]
_LOCAL = {"127.0.0.1", "localhost", "::1"}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only this machine's own pages and programs, and SimError as a 400."""
    origin = request.headers.get("Origin")
    host = urlsplit(f"//{request.host}").hostname
    if host not in _LOCAL or (origin is not None and urlsplit(origin).netloc != request.host):
        return web.Response(status=403, text="this simulator answers its own pages on loopback only")
    try:
        return await handler(request)
    except SimError as error:
        return web.json_response({"error": str(error)}, status=400)


def message_json(message: SimMessage) -> Json:
    """The message with its buttons, versions counted instead of listed."""
    out = asdict(message) | {"history": len(message.history)}
    return out | {"buttons": [asdict(one) for one in buttons_of(message.blocks)]}


def state(sim: Desk) -> Json:
    """Everything worth seeing, in one object. No response_url and no token is in it."""
    ws = sim.ws
    return {
        "version": ws.version,
        "team": ws.team,
        "bot_user": ws.bot_user,
        "connections": sim.connections,
        "http_delivery": sim.http_delivery,
        "users": [asdict(one) for one in ws.users.values()],
        "usergroups": [asdict(one) for one in ws.groups.values()],
        "channels": [asdict(one) | {"members": sorted(one.members)} for one in ws.channels.values()],
        "messages": {key: [message_json(one) for one in every] for key, every in ws.messages.items()},
        "ephemerals": [message_json(one) for one in ws.ephemerals if not one.deleted],
        "notes": [message_json(one) for one in ws.notes],
        "views": {user: [one.view for one in stack] for user, stack in ws.modals.items() if stack},
        "calls": [asdict(one) | {"at": one.at.isoformat()} for one in ws.calls],
        "responses": [asdict(one) | {"at": one.at.isoformat()} for one in ws.responses],
        "faults": sim.faults.pending(),
    }


def delivery_json(delivery: Delivery | None) -> Json | None:
    if delivery is None:
        return None
    shown = ("status", "body", "seconds", "acked", "error", "trigger_id", "kind", "transport")
    return {key: getattr(delivery, key) for key in shown}


async def _users(sim: Desk, body: Json) -> Any:
    return asdict(sim.add_user(**body))


async def _usergroups(sim: Desk, body: Json) -> Any:
    return asdict(sim.add_usergroup(**body))


async def _channels(sim: Desk, body: Json) -> Any:
    return {"id": sim.add_channel(**body).id}


async def _command(sim: Desk, body: Json) -> Any:
    return delivery_json(await sim.command(**body))


async def _click(sim: Desk, body: Json) -> Any:
    return delivery_json(await sim.click(**body))


async def _submit_view(sim: Desk, body: Json) -> Any:
    nested: dict[str, Json] = body.pop("values", {})
    values = {(block, action): one for block, every in nested.items() for action, one in every.items()}
    return delivery_json(await sim.submit_view(**body, values=values))


async def _close_view(sim: Desk, body: Json) -> Any:
    return delivery_json(await sim.close_view(**body))


async def _fault(sim: Desk, body: Json) -> Any:
    sim.fault(**body)
    return sim.faults.pending()


async def _disconnect(sim: Desk, body: Json) -> Any:
    await sim.disconnect_sockets(**body)
    return {"connections": sim.connections}


async def _http_delivery(sim: Desk, body: Json) -> Any:
    sim.http_delivery = body.get("url")
    return {"url": sim.http_delivery}


_DOORS: dict[str, Door] = {
    "users": _users,
    "usergroups": _usergroups,
    "channels": _channels,
    "command": _command,
    "click": _click,
    "submit_view": _submit_view,
    "close_view": _close_view,
    "fault": _fault,
    "disconnect": _disconnect,
    "http_delivery": _http_delivery,
}


def add_routes(app: web.Application, sim: Desk) -> None:
    """GET /sim/state, GET /sim/version, and POST /sim/DOOR with the keyword arguments as a JSON object."""

    async def show(request: web.Request) -> web.Response:
        return web.json_response(state(sim))

    async def version(request: web.Request) -> web.Response:
        return web.json_response({"version": sim.ws.version})

    async def act(request: web.Request) -> web.Response:
        door = _DOORS.get(request.match_info["door"])
        if door is None:
            return web.json_response({"error": f"one of {', '.join(_DOORS)}"}, status=404)
        try:
            body = await request.json()
            return web.json_response(await door(sim, body))
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"error": f"bad arguments: {error}"}, status=400)

    app.router.add_get("/sim/state", show)
    app.router.add_get("/sim/version", version)
    app.router.add_post("/sim/{door}", act)
