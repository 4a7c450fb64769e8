"""The workspace being set up: its parts put together, its people, groups and channels, its faults."""

from __future__ import annotations

from collections.abc import Iterable

from bot.simulator.slack.api import Credentials, WebApi
from bot.simulator.slack.deeds import Deeds
from bot.simulator.slack.delivery import Courier
from bot.simulator.slack.faults import Faults
from bot.simulator.slack.limits import Limits
from bot.simulator.slack.model import Channel, User, UserGroup
from bot.simulator.slack.response_urls import ResponseUrls
from bot.simulator.slack.sockets import SocketMode
from bot.simulator.slack.workspace import Clock, Workspace


class Stage:
    """Who and what there is, and how the workspace is to behave."""

    def __init__(
        self,
        *,
        team: str = "T0SIMTEAM",
        bot_user: str = "U0IMAGEBOT",
        bot_token: str = "xoxb-sim-imagebot",  # noqa: S107
        app_token: str = "xapp-sim-imagebot",  # noqa: S107
        signing_secret: str = "sim-signing-secret",  # noqa: S107
        scopes: Iterable[str] = ("commands", "chat:write", "users:read", "usergroups:read"),
        clock: Clock | None = None,
        enforce_limits: bool = False,
    ) -> None:
        self.ws = Workspace(team=team, bot_user=bot_user, clock=clock)
        self.team, self.bot_user = team, bot_user
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.url = ""
        self.command_name = "/image"
        """What the browser page offers to type first."""
        self.faults = Faults()
        self.sockets = SocketMode(self.ws)
        self.credentials = Credentials(bot_token=bot_token, app_token=app_token, scopes=tuple(scopes))
        self.web_api = WebApi(self.ws, self.credentials, self.faults, self.sockets.connect)
        self.enforce_limits = enforce_limits
        self.urls = ResponseUrls(self.ws, self.faults)
        self.courier = Courier(self.sockets, signing_secret)
        self.deeds = Deeds(self.ws, self.courier, self.urls, lambda path: self.url + path)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    # -- settings

    @property
    def http_delivery(self) -> str | None:
        """The app's request_url; None delivers over Socket Mode."""
        return self.courier.http

    @http_delivery.setter
    def http_delivery(self, url: str | None) -> None:
        self.courier.http = url

    @property
    def enforce_limits(self) -> bool:
        return self.web_api.limits is not None

    @enforce_limits.setter
    def enforce_limits(self, on: bool) -> None:
        self.web_api.limits = Limits() if on else None

    def set_scopes(self, *scopes: str) -> None:
        """As if the app had been installed again with these."""
        self.credentials.scopes = scopes

    def fault(self, method: str, what: str, *, times: int = 1, retry_after: int = 1) -> None:
        """The next `times` calls of the method ("*": any; "response_url") go wrong. See faults.HTTP_FAULTS;
        any other word is the error of an `ok: false` answer."""
        self.faults.add(method, what, times=times, retry_after=retry_after)

    def clear_faults(self) -> None:
        self.faults.clear()

    # -- who and what there is

    def add_user(
        self,
        id: str,
        name: str,
        *,
        team: str | None = None,
        deleted: bool = False,
        is_bot: bool = False,
        is_restricted: bool = False,
        is_stranger: bool = False,
        tz: str = "UTC",
    ) -> User:
        """Added, or replaced when the id is known already."""
        self.ws.users[id] = User(
            id=id,
            name=name,
            team=team or self.team,
            deleted=deleted,
            is_bot=is_bot,
            is_restricted=is_restricted,
            is_stranger=is_stranger,
            tz=tz,
        )
        self.ws.changed()
        return self.ws.users[id]

    def add_usergroup(self, id: str, handle: str, members: list[str]) -> UserGroup:
        self.ws.groups[id] = UserGroup(id=id, handle=handle, members=list(members))
        self.ws.changed()
        return self.ws.groups[id]

    def set_usergroup(self, id: str, members: list[str]) -> None:
        self.ws.groups[id].members = list(members)
        self.ws.changed()

    def add_channel(
        self,
        id: str,
        name: str,
        *,
        members: Iterable[str] = (),
        bot_in: bool = True,
        private: bool = False,
        archived: bool = False,
    ) -> Channel:
        """No members on a public channel means everybody; on a private one nobody."""
        self.ws.channels[id] = Channel(
            id=id, name=name, members=set(members), bot_in=bot_in, private=private, archived=archived
        )
        self.ws.changed()
        return self.ws.channels[id]

    def invite_bot(self, channel: str) -> None:
        self.ws.channel(channel).bot_in = True
        self.ws.changed()

    def kick_bot(self, channel: str) -> None:
        self.ws.channel(channel).bot_in = False
        self.ws.changed()
