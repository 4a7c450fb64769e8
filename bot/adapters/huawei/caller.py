"""One call: its turn, its proof of identity, the network, and the error its answer means. Nothing is
repeated but what a renewed token cures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import structlog

from bot.adapters.huawei import wire
from bot.adapters.huawei.answers import Answer
from bot.adapters.huawei.auth import Credentials, Gate, SignedCalls, TokenCalls
from bot.adapters.huawei.budget import Budget, Priority, Turn
from bot.adapters.huawei.codes import Kind
from bot.adapters.huawei.exchange import Exchange
from bot.adapters.huawei.refusals import Refusal, read_refusal
from bot.adapters.huawei.settings import AkSk, HuaweiSettings
from bot.domain.errors import BotError, CloudAuthError, CloudBusyError

T = TypeVar("T")

_log = structlog.get_logger(__name__)
_SKEW = timedelta(minutes=10)
"""The gateway refuses a signature whose time is more than 15 minutes off."""


class Caller:
    """Speaks to IMS as one account. All its calls share the budget and the gate."""

    def __init__(self, settings: HuaweiSettings, budget: Budget, clock: Callable[[], datetime]) -> None:
        self._settings, self._budget, self._clock = settings, budget, clock
        self._ims, self._iam = Exchange(settings.ims_url, settings), Exchange(settings.iam_url, settings)
        self._gate = Gate(settings.auth_cool_down, clock)
        self._secrets, self._own_headers = _secrets(settings), dict[str, str]()
        self._credentials: Credentials
        if isinstance(settings.credentials, AkSk):
            self._credentials = SignedCalls(settings.credentials, settings.home_project or "", clock)
            self._own_headers["X-Project-Id"] = settings.home_project or ""
        else:
            self._credentials = TokenCalls(settings, settings.credentials, self._ask_iam, clock)

    @property
    def kind(self) -> str:
        """What we identify ourselves with, in words."""
        return self._credentials.kind

    async def project_id(self) -> str:
        """Our own project. May have to ask for a token, and then fails as a call does."""
        if configured := self._settings.home_project:
            return configured
        return await self._in_time(self._told_project(), self._deadline())

    async def answered(self, call: wire.Call, priority: Priority, *, deadline: float | None = None) -> Answer:
        """The answer, when it is a success; else the error it means. Of a GET nothing is ever in doubt.
        `deadline` is the loop's time by which the call must be on its way; the longest it lasts beyond that
        is the total time-out."""
        deadline = self._deadline() if deadline is None else deadline
        return await self._attempt(call, priority, deadline, renewable=self._credentials.renewable)

    async def close(self) -> None:
        await self._ims.close()
        await self._iam.close()

    async def _attempt(
        self, call: wire.Call, priority: Priority, deadline: float, *, renewable: bool
    ) -> Answer:
        parts = self._ims.parts(call, self._own_headers)
        alone = not self._gate.is_open and await self._in_time(self._gate.enter(), deadline)
        turn: Turn | None = None
        try:
            turn = await self._in_time(self._turn(priority, deadline), deadline)
            headers = await self._in_time(self._remembering(self._credentials.headers(parts)), deadline)
            turn.sending()
            answer = await self._ims.send(parts, headers, write=call.method != "GET")
            if answer.ok:
                self._budget.accepted()
                self._gate.accepted()
                return answer
            hide = (*self._secrets, headers.get("X-Auth-Token", ""))
            refusal = read_refusal(answer, write=call.method != "GET", hide=hide)
            if refusal.kind is not Kind.CREDENTIALS or not renewable:
                raise self._error(refusal, answer)
            self._credentials.forget(headers)
        finally:
            if turn is not None:
                turn.answered()
            self._gate.leave(alone)
        return await self._attempt(call, priority, deadline, renewable=False)

    async def _turn(self, priority: Priority, deadline: float) -> Turn:
        return await self._budget.take(priority, patience=deadline - asyncio.get_running_loop().time())

    async def _told_project(self) -> str:
        alone = await self._gate.enter()
        try:
            return await self._remembering(self._credentials.project_id())
        finally:
            self._gate.leave(alone)

    async def _ask_iam(self, call: wire.Call) -> Answer:
        parts = self._iam.parts(call, {})
        return await self._iam.send(parts, {**parts.headers, "Host": parts.host}, write=False)

    async def _in_time(self, preparation: Awaitable[T], deadline: float) -> T:
        try:
            async with asyncio.timeout_at(deadline):
                return await preparation
        except TimeoutError:
            raise CloudBusyError("There was no turn for this call in time; nothing was sent.") from None

    async def _remembering(self, proof: Awaitable[T]) -> T:
        """A refusal of the identity service counts as one of ours, too: a wrong password locks the user."""
        try:
            return await proof
        except CloudAuthError as error:
            self._gate.refused(error)
            raise

    def _error(self, refusal: Refusal, answer: Answer) -> BotError:
        """The error to raise, after everybody who must know of the refusal was told."""
        if refusal.kind is Kind.THROTTLED:
            pause = self._budget.throttled(refusal.retry_after)
            _log.warning("cloud_throttled", pause_s=pause, code=refusal.code, request_id=refusal.request_id)
            refusal = replace(refusal, retry_after=pause)
        error = refusal.error()
        if isinstance(error, CloudAuthError):
            if skew := self._skew(answer):
                said = f"{error.message} This machine's clock is {skew} minutes off the cloud's."
                error = CloudAuthError(
                    said, status=error.status, code=error.code, request_id=error.request_id
                )
            self._gate.refused(error)
            _log.error("cloud_refused_credentials", code=refusal.code, request_id=refusal.request_id)
        return error

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._settings.timeouts.wait

    def _skew(self, answer: Answer) -> int:
        """Whole minutes between our clock and the cloud's, where that explains a refused signature; else
        0."""
        try:
            there = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError, OverflowError):
            return 0
        there = there.replace(tzinfo=UTC) if there.tzinfo is None else there
        apart = abs(self._clock() - there)
        return int(apart / timedelta(minutes=1)) if apart > _SKEW else 0


def _secrets(settings: HuaweiSettings) -> tuple[str, ...]:
    who = settings.credentials
    held = (who.ak, who.sk, who.security_token) if isinstance(who, AkSk) else (who.password,)
    return tuple(secret for secret in held if secret)
