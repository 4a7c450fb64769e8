"""What the adapter is told: where the cloud is, as whom to speak to it, how long to wait. Values only;
nothing here is read from the environment. No secret ever shows in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from bot.adapters.huawei import regions
from bot.domain.errors import ConfigError, Problem

JobEndpoint = Literal["progress", "legacy", "auto"]


@dataclass(frozen=True, kw_only=True)
class AkSk:
    """An access key: every call is signed with it. With a security token it is a temporary one."""

    ak: str = field(repr=False)
    sk: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Password:
    """An IAM user's password, exchanged for a token of one project. Without a project the region's own one is
    meant."""

    username: str
    password: str = field(repr=False)
    user_domain_name: str
    auth_url: str | None = None
    """The identity service, with or without /v3; None for that of the settings or the region."""
    project_id: str | None = None
    project_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds. One call of the adapter is over after `wait + total`, whatever happens; keep that below the
    worker's lease."""

    connect: float = 5.0
    """Until the connection stands, TLS included."""
    read: float = 15.0
    """Between two pieces of an answer."""
    total: float = 20.0
    """From sending to the last byte of the answer."""
    wait: float = 15.0
    """For a turn in the request budget and for a token; also the time within which a read may be repeated."""


@dataclass(frozen=True, kw_only=True)
class HuaweiSettings:
    """All the adapter needs to know. Raises ConfigError, with every problem at once, when it cannot work like
    that."""

    region: str
    credentials: AkSk | Password
    endpoint: str | None = None
    """Address of IMS; None for the region's own."""
    iam_endpoint: str | None = None
    project_id: str | None = None
    """The project that owns the images: 32 hex digits. A password may leave it out: the token tells it."""
    job_endpoint: JobEndpoint = "auto"
    """Which of the two job queries to use: the present one, the deprecated one (the only one of older
    clouds), or whichever answers."""
    timeouts: Timeouts = Timeouts()
    reads_retry: int = 2
    """How often a failed read is repeated."""
    auth_cool_down: timedelta = timedelta(minutes=6)
    """How long the cloud is left alone after it refused the credentials; more than five failures in a row
    lock a key for five minutes."""
    names_kept: timedelta = timedelta(minutes=5)
    """How old the list of image names for suggestions may be."""
    max_answer_bytes: int = 8 * 1024 * 1024

    def __post_init__(self) -> None:
        problems = (*self._address_problems(), *self._credential_problems())
        if problems:
            raise ConfigError(problems)

    @property
    def ims_url(self) -> str:
        return (self.endpoint or regions.ims_endpoint(self.region)).rstrip("/")

    @property
    def iam_url(self) -> str:
        """Without /v3 and trailing slash."""
        own = self.credentials.auth_url if isinstance(self.credentials, Password) else None
        return (own or self.iam_endpoint or regions.iam_endpoint(self.region)).rstrip("/").removesuffix("/v3")

    @property
    def home_project(self) -> str | None:
        """Our project's id, as far as it was configured."""
        own = self.credentials.project_id if isinstance(self.credentials, Password) else None
        found = self.project_id or own
        return found.lower() if found else None

    def _address_problems(self) -> tuple[Problem, ...]:
        found = []
        if not (self.endpoint or regions.is_region(self.region)):
            near = regions.nearest_region(self.region)
            instead = f"did you mean {near}?" if near else "such as eu-west-101"
            found.append(Problem(where="region", what=f"{self.region!r} is not a region", instead=instead))
        for where, url in (("endpoint", self.ims_url), ("iam_endpoint", self.iam_url)):
            parts = urlsplit(url)
            if (
                parts.scheme not in ("http", "https")
                or not parts.hostname
                or parts.query
                or "@" in parts.netloc
            ):
                found.append(Problem(where=where, what="is not an address", instead="https://host, no query"))
            elif parts.scheme == "http" and not regions.is_loopback(url):
                found.append(Problem(where=where, what="is not encrypted", instead="use https://"))
        return tuple(found)

    def _credential_problems(self) -> tuple[Problem, ...]:
        found = []
        if isinstance(self.credentials, AkSk):
            needed = {"access key": self.credentials.ak, "secret key": self.credentials.sk}
            if not self.home_project:
                found.append(
                    Problem(where="project_id", what="is missing", instead="an access key does not tell it")
                )
        else:
            needed = {
                "user name": self.credentials.username,
                "password": self.credentials.password,
                "user domain name": self.credentials.user_domain_name,
            }
        for what, value in needed.items():
            if not value or not value.isprintable():
                found.append(Problem(where="credentials", what=f"the {what} is empty or holds a line break"))
        if self.auth_cool_down < timedelta(minutes=5):
            found.append(
                Problem(where="auth_cool_down", what="is shorter than the lock of a key", instead="5 minutes")
            )
        return tuple(found)
