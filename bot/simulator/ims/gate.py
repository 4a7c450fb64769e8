"""Who may come in: access keys with their lock-out, tokens with their expiry, the flow quota. No image.

Facts: API Gateway "Common Errors Related to IAM Authentication Information" (the messages, the lock after
more than five failures), API Signing Guide (15 minutes of skew).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.simulator.ims import signing
from bot.simulator.ims.answers import gateway, ims, unauthenticated
from bot.simulator.ims.records import Now, Switches
from bot.simulator.ims.signing import Claim, Received


@dataclass(frozen=True, kw_only=True)
class Key:
    """An access key and the project it works for."""

    secret: str
    project: str
    security_token: str = ""
    """Set for a temporary key: it must be sent and signed."""


@dataclass(frozen=True, kw_only=True)
class Token:
    project: str
    """Empty when it is scoped to none."""
    expires: datetime


@dataclass
class Lockout:
    """Counts consecutive failures of one name and locks it for a while."""

    failures: int = 0
    until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """A lock that has run out is forgotten, with its count."""
        if self.until is not None and now >= self.until:
            self.failures, self.until = 0, None
        return self.until is not None

    def fail(self, now: datetime, switches: Switches) -> None:
        self.failures += 1
        if self.failures > switches.lock_after:
            self.until = now + timedelta(seconds=switches.lock_seconds)

    def pass_(self) -> None:
        self.failures = 0


@dataclass
class Gate:
    switches: Switches
    now: Now
    home: str
    """The project taken when nobody has to sign."""
    keys: dict[str, Key] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    lockouts: dict[str, Lockout] = field(default_factory=dict)
    _second: int = 0
    _in_second: int = 0

    def admit(self, received: Received) -> str:
        """The project the caller acts for; raises RefusedError."""
        headers = received.headers
        if not self.switches.require_auth:
            project = headers.get("x-project-id", self.home)
        elif "x-auth-token" in headers:
            project = self._by_token(headers["x-auth-token"])
        elif "authorization" in headers:
            project = self._by_key(received, headers["authorization"])
        else:
            raise unauthenticated("neither a token nor a signature was received")
        self._count()
        return project

    def issue(self, project: str) -> tuple[str, Token]:
        """A new token; those issued before stay good."""
        value = "MII" + secrets.token_urlsafe(48)
        token = Token(project=project, expires=self.now() + timedelta(seconds=self.switches.token_seconds))
        self.tokens[value] = token
        return value, token

    def expire_tokens(self) -> None:
        """Every token issued so far is out of date from now on."""
        past = self.now() - timedelta(seconds=1)
        self.tokens = {value: Token(project=t.project, expires=past) for value, t in self.tokens.items()}

    def lockout(self, name: str) -> Lockout:
        return self.lockouts.setdefault(name, Lockout())

    def _by_token(self, value: str) -> str:
        token = self.tokens.get(value)
        if token is None:
            raise unauthenticated("decrypt token fail")
        if self.now() >= token.expires:
            raise unauthenticated("token expires")
        if not token.project:
            raise ims("IMG.0030", "the token is not scoped to a project")
        return token.project

    def _by_key(self, received: Received, header: str) -> str:
        claim = signing.read_claim(header)
        if claim is None:
            raise unauthenticated(f"the Authorization header is not of the form of {signing.ALGORITHM}")
        lockout, now = self.lockout("key " + claim.access), self.now()
        if lockout.locked(now):
            raise unauthenticated("AK access failed to reach the limit,forbidden")
        key = self.keys.get(claim.access)
        flaw = (
            f"Get secretKey failed,ak:{claim.access},err:ak not exist"
            if key is None
            else self._flaw(received, claim, key)
        )
        if flaw or key is None:
            lockout.fail(now, self.switches)
            raise unauthenticated(
                "AK access failed to reach the limit,forbidden" if lockout.locked(now) else flaw
            )
        lockout.pass_()
        return self._project(received, claim, key)

    def _flaw(self, received: Received, claim: Claim, key: Key) -> str:
        stamp = received.headers.get("x-sdk-date", "")
        at, now = signing.read_date(stamp), self.now()
        if at is None:
            return "verify aksk signature fail, X-Sdk-Date is not of the form YYYYMMDDTHHMMSSZ"
        if abs((now - at).total_seconds()) > self.switches.skew_seconds:
            return f"signature expired, signature time:{stamp}, server time:{now:%Y%m%dT%H%M%SZ}"
        if key.security_token and (
            received.headers.get("x-security-token") != key.security_token
            or "x-security-token" not in claim.signed
        ):
            return "verify aksk signature fail, X-Security-Token is missing, wrong or not signed"
        return signing.flaw(received, claim, key.secret)

    def _project(self, received: Received, claim: Claim, key: Key) -> str:
        """The project named in the signed X-Project-Id."""
        named = received.headers.get("x-project-id")
        if named is None or "x-project-id" not in claim.signed:
            raise unauthenticated("X-Project-Id is missing or not signed")
        if named != key.project:
            raise ims("IMG.0030", "X-Project-Id is not a project of this key")
        return named

    def _count(self) -> None:
        limit = self.switches.requests_per_second
        if limit is None:
            return
        second = int(self.now().timestamp())
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        if self._in_second > limit:
            raise gateway(
                "APIGW.0308",
                "The throttling threshold has been reached: "
                f"policy user over ratelimit,limit:{limit:g},time:1 second",
            )
