"""What people do in Slack's client: type a command, press a button, fill in a form, open the Home tab.

Refuses (SimError) what the client would never offer: a button that is not on the message, a channel the
person is not in, a command from an external person. Follows docs.slack.dev/interactivity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.simulator.slack import payloads
from bot.simulator.slack.delivery import Courier, Parcel
from bot.simulator.slack.escaping import as_sent
from bot.simulator.slack.methods_views import apply_answer
from bot.simulator.slack.model import ApiError, Button, Delivery, Json, OpenView, SimError, SimMessage, User
from bot.simulator.slack.response_urls import ResponseUrls, publish
from bot.simulator.slack.workspace import SLACKBOT, Workspace, buttons_of


@dataclass(frozen=True, kw_only=True)
class Aim:
    """Which button of a message or view is meant, and what is sent with it instead of its own value."""

    action_id: str
    value: Any = None
    block_id: str | None = None

    def find(self, blocks: list[Json]) -> Button:
        """Raises SimError when no such button is there, or several are and none is told apart."""
        every = buttons_of(blocks)
        fits = [
            one for one in every if one.action_id == self.action_id and self.block_id in (None, one.block_id)
        ]
        if not fits:
            raise SimError(f"no button {self.action_id!r} there, only {[one.action_id for one in every]}")
        exact = [one for one in fits if one.value == self.value]
        if len(fits) > 1 and len(exact) != 1:
            raise SimError(f"{len(fits)} buttons {self.action_id!r} there; say which by value or block_id")
        return exact[0] if len(fits) > 1 else fits[0]

    def chosen(self, blocks: list[Json], button: Button) -> Any:
        if button.type == "button":
            return button.value if self.value is None else self.value
        return payloads.choice(_element(blocks, button), self.value)


def _element(blocks: list[Json], button: Button) -> Json:
    for block in blocks:
        for one in [*(block.get("elements") or []), block.get("accessory"), block.get("element")]:
            same_block = block.get("block_id") == button.block_id
            if same_block and isinstance(one, dict) and one.get("action_id", "") == button.action_id:
                return one
    raise SimError(f"no element {button.action_id!r}")


class Deeds:
    """`full_url` turns a path of this server into an address."""

    def __init__(
        self, ws: Workspace, courier: Courier, urls: ResponseUrls, full_url: Callable[[str], str]
    ) -> None:
        self.ws = ws
        self.courier = courier
        self.urls = urls
        self.full_url = full_url
        self.deliveries: list[Delivery] = []

    # -- commands

    async def command(
        self, user_id: str, channel: str, line: tuple[str, str], *, escape: bool, overrides: Json
    ) -> Delivery:
        """`line` is the command and the text after it."""
        user, place, (command, text) = self._person(user_id), self.ws.channel(channel), line
        if (user.is_stranger or user.team != self.ws.team) and not overrides:
            raise SimError("external people cannot run slash commands; Slack does not offer them")
        if not place.has(user.id):
            raise SimError(f"{user.name} is not in {place.name}")
        payload = payloads.command_payload(
            self.ws, user, place, command, self._escaped(text) if escape else text
        )
        payload["trigger_id"] = self.ws.new_trigger(user.id)
        payload["response_url"] = self.full_url(self.urls.grant(user.id, place.id, None))
        payload |= overrides
        parcel = Parcel(
            kind="slash_commands", payload=payload, trigger_id=payload["trigger_id"], accepts=True
        )
        return await self._send(parcel)

    def _escaped(self, text: str) -> str:
        users = {one.name.lower(): one.id for one in self.ws.users.values()}
        groups = {one.handle.lower(): one.id for one in self.ws.groups.values()}
        channels = {one.name.lower(): one.id for one in self.ws.channels.values() if not one.im_with}
        return as_sent(text, users, groups, channels)

    # -- clicks

    async def click(
        self,
        user_id: str,
        where: tuple[str, str],
        aim: Aim,
        *,
        team: str | None,
        is_ephemeral: bool,
        stale: bool,
    ) -> Delivery:
        """`where` is channel and ts. `stale` presses a button of an earlier version, as on a slow screen."""
        user = self._person(user_id)
        message = self._message(user, where, is_ephemeral)
        shown = message
        if stale:
            shown = next((one for one in reversed(message.history) if _has(one, aim)), message)
        elif message.deleted:
            raise SimError("the message is deleted")
        button = aim.find(shown.blocks)
        action = payloads.action(button, self.ws.next_ts(), aim.chosen(shown.blocks, button))
        payload = payloads.message_click(self.ws, user, shown, [action], team)
        payload["trigger_id"] = self.ws.new_trigger(user.id)
        payload["response_url"] = self.full_url(self.urls.grant(user.id, message.channel, message))
        return await self._send(Parcel(kind="interactive", payload=payload, trigger_id=payload["trigger_id"]))

    def _message(self, user: User, where: tuple[str, str], is_ephemeral: bool) -> SimMessage:
        channel, ts = self.ws.channel(where[0]), where[1]
        message = None if is_ephemeral else self.ws.message(channel.id, ts)
        message = message or self.ws.ephemeral(user.id, ts)
        if message is None:
            raise SimError(f"{user.name} sees no message {ts} in {channel.name}")
        if channel.private and not channel.has(user.id):
            raise SimError(f"{user.name} is not in {channel.name}")
        return message

    async def click_view(self, user_id: str, view_id: str, aim: Aim) -> Delivery:
        """A button in the person's modal or Home tab."""
        user, found = self._person(user_id), self._view(user_id, view_id)
        button = aim.find(found.view["blocks"])
        chosen = aim.chosen(found.view["blocks"], button)
        payload = payloads.view_click(
            self.ws, user, found, [payloads.action(button, self.ws.next_ts(), chosen)]
        )
        payload["trigger_id"] = self.ws.new_trigger(user.id)
        return await self._send(Parcel(kind="interactive", payload=payload, trigger_id=payload["trigger_id"]))

    # -- views

    async def submit_view(self, user_id: str, view_id: str, values: dict[tuple[str, str], Any]) -> Delivery:
        user, found = self._person(user_id), self._view(user_id, view_id)
        if found.view["type"] != "modal" or not found.view.get("submit"):
            raise SimError("this view has no submit button")
        found.view = found.view | {"state": payloads.view_state(found, values)}
        payload = payloads.view_event(self.ws, user, found, "view_submission")
        payload["trigger_id"] = self.ws.new_trigger(user.id)
        parcel = Parcel(kind="interactive", payload=payload, trigger_id=payload["trigger_id"], accepts=True)
        return await self._send(parcel)

    async def close_view(self, user_id: str, view_id: str) -> Delivery | None:
        """The view is gone from the screen; None when the app did not ask to be told."""
        user, found = self._person(user_id), self._view(user_id, view_id)
        stack = self.ws.modals.get(user_id, [])
        gone = list(stack) if found.view.get("clear_on_close") else [found]
        self.ws.modals[user_id] = [one for one in stack if one not in gone]
        self.ws.changed()
        if not found.view.get("notify_on_close"):
            return None
        payload = payloads.view_event(self.ws, user, found, "view_closed")
        return await self._send(Parcel(kind="interactive", payload=payload))

    async def open_home(self, user_id: str) -> Delivery:
        """app_home_opened by the Events API. A real workspace retries it; this one does not."""
        user = self._person(user_id)
        payload = payloads.home_opened(self.ws, user, self.ws.dm(user.id).id)
        return await self._send(Parcel(kind="events_api", payload=payload))

    async def redeliver(self, delivery: Delivery) -> Delivery:
        """The same payload once more, freshly signed or in a fresh envelope."""
        accepts = delivery.kind == "slash_commands" or delivery.payload.get("type") == "view_submission"
        parcel = Parcel(
            kind=delivery.kind, payload=delivery.payload, trigger_id=delivery.trigger_id, accepts=accepts
        )
        return await self._send(parcel)

    # -- there and back

    async def _send(self, parcel: Parcel) -> Delivery:
        delivery = await self.courier.deliver(parcel)
        if delivery.acked:
            delivery = replace(delivery, error=self._take_answer(parcel.payload, delivery))
        if delivery.error:
            self._tell(parcel, delivery.error)
        self.deliveries.append(delivery)
        self.ws.changed()
        return delivery

    def _take_answer(self, payload: Json, delivery: Delivery) -> str:
        """What the acknowledgement itself does; the error the person sees, or ""."""
        if delivery.kind == "slash_commands":
            return self._answer_command(payload, delivery.body)
        if payload.get("type") == "view_submission":
            found = self.ws.view(payload["view"]["id"])
            return apply_answer(self.ws, found, delivery.body) if found else ""
        return ""

    def _answer_command(self, payload: Json, body: Any) -> str:
        answer = body if isinstance(body, dict) else {"text": str(body)} if body else {}
        user, channel = payload["user_id"], payload["channel_id"]
        if channel not in self.ws.channels:
            return ""
        if answer.get("response_type") == "in_channel":
            typed = f"{payload['command']} {payload['text']}".strip()
            ts = self.ws.next_ts()
            self.ws.add_message(SimMessage(ts=ts, channel=channel, user=user, text=typed, via="typed"))
        if not any(answer.get(key) for key in ("text", "blocks", "attachments")):
            return ""
        try:
            publish(self.ws, user, channel, answer, "ack")
        except ApiError as error:
            return error.error
        return ""

    def _tell(self, parcel: Parcel, error: str) -> None:
        """Slackbot's own line, kept apart from the app's messages."""
        payload = parcel.payload
        user = payload.get("user_id") or payload.get("user", {}).get("id", "")
        channel = payload.get("channel_id") or payload.get("channel", {}).get("id", "")
        name = payload.get("command") or payload.get("type") or parcel.kind
        text = f"{name} failed with the error “{error}”"
        self.ws.notes.append(
            SimMessage(
                ts=self.ws.next_ts(),
                channel=channel,
                user=SLACKBOT,
                text=text,
                ephemeral_to=user,
                via="slack",
            )
        )

    def _person(self, user_id: str) -> User:
        user = self.ws.user(user_id)
        if user.deleted or user.is_bot:
            raise SimError(f"{user.name} cannot act: {'deactivated' if user.deleted else 'a bot'}")
        return user

    def _view(self, user_id: str, view_id: str) -> OpenView:
        found = self.ws.view(view_id)
        if found is None or found.user != user_id:
            raise SimError(f"{user_id} has no view {view_id!r} open")
        return found


def _has(message: SimMessage, aim: Aim) -> bool:
    return any(one.action_id == aim.action_id for one in buttons_of(message.blocks))
