"""Proving who we are: a signature on every call, or a token for a password. And the gate that keeps refused
credentials from being tried again and again, because the cloud locks a key or a user after a few failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from bot.adapters.huawei import wire
from bot.adapters.huawei.answers import Answer
from bot.adapters.huawei.refusals import read_refusal
from bot.adapters.huawei.settings import AkSk, HuaweiSettings, Password
from bot.adapters.huawei.signing import Parts, sign
from bot.domain.errors import AnswerLostError, CloudAuthError, CloudBusyError, CloudRefusedError

_MARGIN = timedelta(minutes=10)
"""A token is renewed so long before it ends, or at a tenth of its life where that is shorter."""

Clock = Callable[[], datetime]
Exchange = Callable[[wire.Call], Awaitable[Answer]]


class Credentials(Protocol):
    kind: str
    """In words, for people."""
    renewable: bool
    """Whether a refusal may be cured by renewing once."""

    async def headers(self, parts: Parts) -> dict[str, str]:
        """All headers of the call, those that prove who we are among them."""

    async def project_id(self) -> str:
        """Our own project."""

    def forget(self, headers: dict[str, str]) -> None:
        """What was sent with these headers is no longer good."""


class Gate:
    """Remembers that the cloud refused the credentials. Until it took them once, calls pass one by one: ten
    calls under way with a mistyped key are ten failures, and more than five lock it."""

    def __init__(self, cool_down: timedelta, clock: Clock) -> None:
        self._cool_down, self._clock = cool_down, clock
        self._refusal: CloudAuthError | None = None
        self._until: datetime | None = None
        self._proven = False
        self._one_by_one = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """The credentials are proven: nobody has to wait."""
        return self._proven

    async def enter(self) -> bool:
        """A turn to call; whether it is the only one, and so has to be given back by `leave`. Raises the
        remembered CloudAuthError while the credentials cool down."""
        self._check()
        if self._proven:
            return False
        await self._one_by_one.acquire()
        try:
            self._check()
        except CloudAuthError:
            self._one_by_one.release()
            raise
        return True

    def leave(self, alone: bool) -> None:
        """The call is over, and what it says of the credentials was told to `accepted` or `refused`."""
        if alone:
            self._one_by_one.release()

    def accepted(self) -> None:
        self._proven, self._refusal, self._until = True, None, None

    def refused(self, error: CloudAuthError) -> None:
        """From now on nobody asks for the length of the cool-down."""
        self._proven, self._refusal = False, error
        self._until = self._clock() + self._cool_down

    def _check(self) -> None:
        if self._refusal is None or self._until is None or self._clock() >= self._until:
            return
        later = f"The bot asks again after {self._until:%H:%M} UTC, lest the key be locked."
        message = f"{self._refusal.message} {later}"
        raise CloudAuthError(
            message, status=self._refusal.status, code=self._refusal.code, request_id=self._refusal.request_id
        )


class SignedCalls:
    """Every call is signed with an access key."""

    renewable = False

    def __init__(self, key: AkSk, project: str, clock: Clock) -> None:
        self._key, self._project, self._clock = key, project, clock
        self.kind = "a temporary access key" if key.security_token else "an access key"

    async def headers(self, parts: Parts) -> dict[str, str]:
        return sign(parts, self._key, self._clock())

    async def project_id(self) -> str:
        return self._project

    def forget(self, headers: dict[str, str]) -> None:
        """Nothing to forget: a key has no shorter life than its owner gives it."""


class TokenCalls:
    """A password is exchanged for a token, which goes with every call until shortly before it ends. However
    many calls need one at once, it is asked for once."""

    renewable = True
    kind = "a user name and password"

    def __init__(self, settings: HuaweiSettings, who: Password, exchange: Exchange, clock: Clock) -> None:
        self._settings, self._who, self._exchange, self._clock = settings, who, exchange, clock
        self._token: wire.Token | None = None
        self._one_asks = asyncio.Lock()

    async def headers(self, parts: Parts) -> dict[str, str]:
        token = await self._fresh()
        return {**parts.headers, "Host": parts.host, "X-Auth-Token": token.value}

    async def project_id(self) -> str:
        """The configured project, else the one the token is of."""
        if configured := self._settings.home_project:
            return configured
        token = await self._fresh()
        if not token.project_id:
            raise CloudAuthError(
                "The token does not say its project; configure the project's id (OS_PROJECT_ID)."
            )
        return token.project_id

    def forget(self, headers: dict[str, str]) -> None:
        if self._token is not None and headers.get("X-Auth-Token") == self._token.value:
            self._token = None

    async def _fresh(self) -> wire.Token:
        async with self._one_asks:
            if self._token is None or self._clock() >= _renewal_time(self._token):
                self._token = await self._issue()
            return self._token

    async def _issue(self) -> wire.Token:
        call = wire.issue_token(
            self._who, project_id=self._settings.home_project, region=self._settings.region
        )
        answer = await self._exchange(call)
        if answer.ok:
            return wire.read_token(answer, self._clock())
        error = read_refusal(answer, write=False, hide=(self._who.password,)).error()
        if isinstance(error, CloudRefusedError):
            message = (
                f"The identity service gave no token (HTTP {error.status}): check user, domain and project."
            )
            raise CloudAuthError(message, status=error.status, code=error.code, request_id=error.request_id)
        if isinstance(error, AnswerLostError):
            raise CloudBusyError("The identity service does not answer.", request_id=error.request_id)
        raise error


def _renewal_time(token: wire.Token) -> datetime:
    return token.expires_at - min(_MARGIN, (token.expires_at - token.issued_at) / 10)
