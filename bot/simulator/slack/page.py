"""The page a newcomer opens in a browser: channels, messages, threads, forms. Drawn by the server.

Every POST does what the person at the screen would do, and leads back to the page.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.simulator.slack.desk import Desk
from bot.simulator.slack.drawing import Canvas, draw, field_name
from bot.simulator.slack.looks import SCRIPT, STYLE
from bot.simulator.slack.model import Channel, Delivery, Json, SimError, SimMessage
from bot.simulator.slack.mrkdwn import mrkdwn, safe


class Page:
    """One look at the workspace: as whom, and at which channel."""

    def __init__(self, sim: Desk, me: str, channel: str, note: str = "") -> None:
        self.sim = sim
        people = [one.id for one in sim.ws.users.values() if not one.is_bot and not one.deleted]
        self.me = me if me in people else (people[0] if people else "")
        rooms = [one.id for one in self._rooms()]
        self.channel = channel if channel in rooms else (rooms[0] if rooms else "")
        self.note = note
        ws = sim.ws
        self.names = {one.id: one.name for one in ws.users.values()}
        self.names |= {one.id: one.handle for one in ws.groups.values()}
        self.names |= {one.id: one.name for one in ws.channels.values()}

    def _rooms(self) -> list[Channel]:
        """What this person sees: public channels, their private ones, their own direct messages."""
        every = self.sim.ws.channels.values()
        return [one for one in every if not one.private or one.has(self.me)]

    def render(self, nonce: str) -> str:
        version = self.sim.ws.version
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Simulated Slack</title>'
            '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
            f'<style nonce="{nonce}">{STYLE}</style></head><body data-version="{version}">'
            f"{self._side()}<main>{self._top()}{self._feed()}{self._composer()}</main>{self._modal()}"
            f'<script nonce="{nonce}">{SCRIPT}</script></body></html>'
        )

    def _address(self, **changes: str) -> str:
        return "/?" + urlencode({"as": self.me, "channel": self.channel} | changes)

    def _side(self) -> str:
        rooms = []
        for one in self._rooms():
            mark = ' class="here"' if one.id == self.channel else ""
            sign = "🔒" if one.private and not one.im_with else "#"
            label = "✉ bot" if one.im_with else f"{sign} {safe(one.name)}"
            rooms.append(f'<a{mark} href="{safe(self._address(channel=one.id))}">{label}</a>')
        people = []
        for user in self.sim.ws.users.values():
            if not user.is_bot and not user.deleted:
                mark = ' class="here"' if user.id == self.me else ""
                people.append(
                    f'<a{mark} href="{safe(self._address(**{"as": user.id}))}">{safe(user.name)}</a>'
                )
        return f"<nav><h1>Simulated Slack</h1>{''.join(rooms)}<h2>You are</h2>{''.join(people)}</nav>"

    def _top(self) -> str:
        sockets, http = self.sim.connections, self.sim.http_delivery
        bot = (
            "over HTTP" if http else f"{sockets} socket{'s' * (sockets != 1)}" if sockets else "not connected"
        )
        note = f'<div class="error" role="alert">{safe(self.note)}</div>' if self.note else ""
        name = safe(self.names.get(self.channel, "no channel"))
        return f'<header><b>#{name}</b><span class="context">bot: {bot}</span></header>{note}'

    def _feed(self) -> str:
        ws = self.sim.ws
        mine: list[SimMessage] = [*ws.messages.get(self.channel, []), *ws.ephemerals, *ws.notes]
        seen = [one for one in mine if one.channel == self.channel and one.ephemeral_to in (None, self.me)]
        seen = sorted((one for one in seen if not one.deleted), key=lambda one: one.ts)
        ids = {one.ts for one in seen}
        out = []
        for one in seen:
            if one.thread_ts in ids and one.thread_ts != one.ts:
                continue
            out.append(self._message(one))
            replies = [other for other in seen if other.thread_ts == one.ts and other is not one]
            if replies:
                out.append(f'<div class="thread">{"".join(self._message(other) for other in replies)}</div>')
        return f'<section class="feed">{"".join(out)}</section>'

    def _message(self, message: SimMessage) -> str:
        private = message.ephemeral_to is not None
        canvas = Canvas(
            names=self.names,
            action="/ui/click",
            hidden=(*self._me(), ("ts", message.ts), ("is_ephemeral", "1" if private else "")),
            values={},
            errors={},
        )
        content = draw(message.blocks, canvas) if message.blocks else mrkdwn(message.text, self.names)
        tags = ("<small>only visible to you</small>" if private else "") + (
            "<small>edited</small>" if message.history else ""
        )
        who = safe(self.names.get(message.user, message.user))
        kind = "message private" if private else "message"
        when = self._clock(message.ts)
        return (
            f'<article class="{kind}"><div><b>{who}</b> <small>{when}</small> {tags}</div>{content}</article>'
        )

    @staticmethod
    def _clock(ts: str) -> str:
        minutes = int(float(ts)) // 60
        return f"{minutes // 60 % 24:02d}:{minutes % 60:02d} UTC"

    def _me(self) -> tuple[tuple[str, str], ...]:
        return (("as", self.me), ("channel", self.channel))

    def _hidden(self) -> str:
        return "".join(f'<input type="hidden" name="{key}" value="{safe(one)}">' for key, one in self._me())

    def _composer(self) -> str:
        start = safe(self.sim.command_name)
        return (
            f'<form class="composer" method="post" action="/ui/command">{self._hidden()}'
            f'<input name="line" aria-label="Slash command" autocomplete="off" value="{start} ">'
            "<button>Send</button></form>"
        )

    def _modal(self) -> str:
        view = self.sim.view_of(self.me)
        if view is None:
            return ""
        own = (*self._me(), ("view_id", view["id"]))
        canvas = Canvas(
            names=self.names,
            action="/ui/click_view",
            hidden=own,
            values=view["state"]["values"],
            errors=self.sim.errors_of(self.me),
        )
        hidden = "".join(f'<input type="hidden" name="{key}" value="{safe(one)}">' for key, one in own)
        inputs = [one for one in view["blocks"] if one["type"] == "input"]
        others = [one for one in view["blocks"] if one["type"] != "input"]
        submit = view.get("submit") or {"text": "Submit"}
        send = f'<button class="primary">{safe(submit["text"])}</button>' if view.get("submit") else ""
        return (
            f'<div class="shade"><dialog open><h3>{safe(view["title"]["text"])}</h3>{draw(others, canvas)}'
            f'<form method="post" action="/ui/submit">{hidden}{draw(inputs, canvas)}<div class="row">{send}'
            '<button formaction="/ui/close" formnovalidate>Close</button></div></form></dialog></div>'
        )


def add_routes(app: web.Application, sim: Desk) -> None:
    """GET / and POST /ui/DEED."""

    async def look(request: web.Request) -> web.Response:
        query = request.query
        page = Page(sim, query.get("as", ""), query.get("channel", ""), query.get("note", ""))
        nonce = secrets.token_urlsafe(12)
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        )
        headers = {
            "Content-Security-Policy": policy + "img-src data:; form-action 'self'; frame-ancestors 'none'"
        }
        return web.Response(text=page.render(nonce), content_type="text/html", headers=headers)

    async def act(request: web.Request) -> web.Response:
        form: Json = {}
        for key, one in (await request.post()).items():
            form.setdefault(key, []).append(str(one))
        try:
            delivery = await _deed(sim, request.match_info["deed"], form)
            note = f"Slack says: {delivery.error}" if delivery and delivery.error else ""
        except SimError as error:
            note = str(error)
        back = {"as": _one(form, "as"), "channel": _one(form, "channel")} | ({"note": note} if note else {})
        raise web.HTTPSeeOther("/?" + urlencode(back))

    app.router.add_get("/", look)
    app.router.add_post("/ui/{deed}", act)


def _one(form: Json, key: str) -> str:
    return str(form.get(key, [""])[0])


async def _deed(sim: Desk, deed: str, form: Json) -> Delivery | None:
    me, channel, value = _one(form, "as"), _one(form, "channel"), _one(form, "value") or None
    aim: Json = {"action_id": _one(form, "action_id"), "block_id": _one(form, "block_id") or None}
    match deed:
        case "command":
            command, _, text = _one(form, "line").strip().partition(" ")
            if not command.startswith("/"):
                raise SimError("this bot answers slash commands only; begin with /")
            return await sim.command(me, channel, command, text.strip())
        case "click":
            private = bool(_one(form, "is_ephemeral"))
            return await sim.click(me, channel, _one(form, "ts"), value=value, is_ephemeral=private, **aim)
        case "click_view":
            return await sim.click_view(me, _one(form, "view_id"), value=value, **aim)
        case "submit":
            return await sim.submit_view(me, _one(form, "view_id"), _values(sim, me, form))
        case "close":
            return await sim.close_view(me, _one(form, "view_id"))
        case _:
            raise web.HTTPNotFound


def _values(sim: Desk, me: str, form: Json) -> dict[tuple[str, str], Any]:
    """The view's inputs out of the posted form: a list where several may be chosen, None for nothing."""
    view = sim.view_of(me) or {"blocks": []}
    values: dict[tuple[str, str], Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            one = block["element"]
            posted = form.get(field_name(block), [])
            many = one["type"] in ("checkboxes", "multi_static_select")
            chosen = [each for each in posted if each]
            values[block["block_id"], one.get("action_id", "")] = chosen if many else next(iter(chosen), None)
    return values
