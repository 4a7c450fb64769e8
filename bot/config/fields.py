"""What one setting is: its name, default, meaning, and how a wrong value is told. Nothing is read here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.errors import Problem

_TOKEN = re.compile(r"xox[a-z]|xapp-", re.IGNORECASE)
_SHOWN = 60
DAY = 86_400.0


class Section(BaseSettings):
    """Settings that belong together. Holds only what it is handed: nothing is read behind its back."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=True, hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,
        **named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One row of the settings table."""

    name: str
    default: str
    """As one would type it; empty when there is none."""
    meaning: str
    expects: str
    """What a right value looks like, in words."""
    section: str
    example: str = ""
    """A value for the example file; empty when the default is the example."""
    secret: bool = False
    """Never shown, and may come from the file that `<name>_FILE` names."""


def setting(
    name: str,
    meaning: str,
    *,
    default: Any = None,
    required: bool = False,
    expects: str = "",
    example: str = "",
    **bounds: Any,
) -> Any:
    """A field that is read from the variable `name`. Without `expects`, the words come from the bounds."""
    low = f"above {bounds['gt']:g}" if "gt" in bounds else f"from {bounds.get('ge', 0):g}"
    words = expects or f"a number {low} to {bounds['le']:g}"
    return Field(
        default=... if required else default,
        validation_alias=name,
        description=meaning,
        json_schema_extra={"expects": words, "example": example},
        **bounds,
    )


def seconds(name: str, default: timedelta, meaning: str, *, most: float = DAY) -> Any:
    """A field for a length of time, typed in seconds."""
    expects = f"seconds, above 0 to {most:g}"
    return setting(
        name, meaning, default=default.total_seconds(), gt=0, le=most, allow_inf_nan=False, expects=expects
    )


def count(name: str, default: int, meaning: str, *, most: int) -> Any:
    """A field for a whole number from 1."""
    return setting(name, meaning, default=default, ge=1, le=most, expects=f"a whole number from 1 to {most}")


def settings_of(section: type[Section]) -> tuple[Setting, ...]:
    """The section's settings, in the order they are written."""
    return tuple(_row(section, field) for field in section.model_fields.values())


def _row(section: type[Section], field: FieldInfo) -> Setting:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError(f"a field of {section.__name__} was not made by setting()")
    return Setting(
        name=str(field.validation_alias),
        default=_typed(None if field.is_required() else field.default),
        meaning=field.description or "",
        expects=str(extra["expects"]),
        section=(section.__doc__ or "").splitlines()[0].rstrip("."),
        example=str(extra["example"]),
        secret="SecretStr" in str(field.annotation),
    )


def _typed(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def problem(error: ErrorDetails, table: Mapping[str, Setting]) -> Problem:
    """What pydantic found, in our words."""
    row = table[str(error["loc"][0])]
    if error["type"] == "missing":
        return Problem(where=row.name, what="is missing", instead=row.expects)
    if error["type"] == "value_error":
        return Problem(where=row.name, what=str(error["ctx"]["error"]), instead=row.expects)
    return Problem(
        where=row.name,
        what="has a wrong value" if row.secret else f"is {shown(error['input'])}",
        instead=row.expects,
    )


def shown(value: object) -> str:
    """The value in quotes, cut to a readable length; not at all when it may hold a secret by mistake."""
    text = str(value)
    if _TOKEN.search(text) or "@" in text:
        return "a value that is not shown, because it may hold a secret"
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


# -- kinds of values --


def _secret(prefix: str) -> Any:
    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not text.startswith(prefix):
            raise ValueError(f"does not start with {prefix}")
        if re.search(r"\s", text):
            raise ValueError("contains white space")
        if not text.isascii():
            raise ValueError("contains characters no token has")
        return secret

    return AfterValidator(check)


BotToken = Annotated[SecretStr, _secret("xoxb-")]
AppToken = Annotated[SecretStr, _secret("xapp-")]
Key = Annotated[SecretStr, _secret("")]


def _url(text: str) -> str:
    what = f"is {shown(text)}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(what) from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("carries a user name or password inside the address")
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port == 0
        or parts.query
        or parts.fragment
    ):
        raise ValueError(what)
    if re.search(r"\s", text):
        raise ValueError(what)
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"{what}, not encrypted")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


Url = Annotated[str, AfterValidator(_url), AfterValidator(lambda text: text.rstrip("/"))]
"""https, or http to this very machine; without a slash at the end."""


def _database(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if scheme.split("+")[0] in ("postgresql", "postgres"):
        raise ValueError("names a PostgreSQL database, which is not yet supported")
    if scheme != "sqlite" or not separator or not rest.startswith("/"):
        raise ValueError("is not the address of a SQLite file")
    path = rest[1:]
    if path.endswith(":memory:"):
        raise ValueError("is a database in memory, which would forget every request")
    if not path or path.endswith("/") or re.search(r"[?#\0]", path):
        raise ValueError("names no file")
    return text


Database = Annotated[str, AfterValidator(_database)]


def database_file(url: str) -> Path:
    """The file of a valid database address: three slashes begin a relative path, four an absolute one."""
    return Path(url.removeprefix("sqlite:///"))


def keep_time(text: str) -> timedelta:
    """How long `400d` is. Raises ValueError, with words, for anything but a whole number of days up to 36500."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})d", text.strip())
    if match is None or int(match[1]) > 36_500:
        raise ValueError(f"is {shown(text)}")
    return timedelta(days=int(match[1]))


Keep = Annotated[
    timedelta, BeforeValidator(lambda value: keep_time(value) if isinstance(value, str) else value)
]
"""Typed in days: 400d."""


def _listen(text: str) -> str:
    match = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):(\d{1,5})", text)
    if match is None or int(match[1]) > 65535:
        raise ValueError(f"is {shown(text)}")
    return text


Listen = Annotated[str, AfterValidator(_listen)]


def listen_address(text: str) -> tuple[str, int]:
    """Host and port of a valid listen address; the brackets of an IPv6 address are gone."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
