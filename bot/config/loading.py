"""From variables to Config, or to every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr, ValidationError

from bot.config.cloud import CloudSettings
from bot.config.fields import Section, Setting, problem, settings_of
from bot.config.limits import LimitSettings
from bot.config.reading import read_given
from bot.config.rules import broken_rules
from bot.config.service import ServiceSettings
from bot.config.slack import SlackSettings
from bot.domain.errors import ConfigError, Problem
from bot.domain.model import Limits

S = TypeVar("S", bound=Section)

SETTINGS: tuple[Setting, ...] = tuple(
    row
    for section in (SlackSettings, CloudSettings, ServiceSettings, LimitSettings)
    for row in settings_of(section)
)
"""Every setting there is, in the order of the documents."""

_TABLE = {row.name: row for row in SETTINGS}
_SECRETS = tuple(row.name for row in SETTINGS if row.secret)
_KNOWN = frozenset(_TABLE)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything the operator decided, checked. Printing it shows no secret."""

    slack: SlackSettings
    cloud: CloudSettings
    service: ServiceSettings
    limits: Limits

    @classmethod
    def load(cls, environ: Mapping[str, str], *, env_file: Path | None) -> Config:
        """The Config that `environ` and the `.env` file describe; `environ` wins.

        Nothing else is read but the files that `<secret>_FILE` names. An `env_file` that does not exist is
        the same as none.

        Raises ConfigError with every problem there is; no problem shows a secret.
        """
        given = read_given(environ, env_file, _SECRETS)
        problems = [*given.problems, *broken_rules(given.names, _KNOWN)]
        slack = _section(SlackSettings, given.values, problems)
        cloud = _section(CloudSettings, given.values, problems)
        service = _section(ServiceSettings, given.values, problems)
        limits = _section(LimitSettings, given.values, problems)
        if cloud and limits and limits.lease <= cloud.http_timeout:
            what = f"is {limits.lease:g}, not longer than IMAGEBOT_HTTP_TIMEOUT ({cloud.http_timeout:g})"
            why = "a claim must outlast the call that is made under it"
            problems.append(Problem(where="IMAGEBOT_LEASE", what=what, instead=why))
        problems = [p for p in problems if p.what != "is missing" or p.where not in given.names]
        if problems or not (slack and cloud and service and limits):
            raise ConfigError(tuple(sorted(set(problems), key=_order)))
        return cls(slack=slack, cloud=cloud, service=service, limits=limits.limits())

    def secrets(self) -> tuple[str, ...]:
        """Every secret there is, in clear: for what has to hide them."""
        return tuple(secrets_of(self.slack) + secrets_of(self.cloud) + secrets_of(self.service))


def secrets_of(section: Section) -> list[str]:
    """The section's secrets, in clear."""
    values = (getattr(section, name) for name in type(section).model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def _section(kind: type[S], values: Mapping[str, str], problems: list[Problem]) -> S | None:
    try:
        return kind(**{row.name: values[row.name] for row in settings_of(kind) if row.name in values})
    except ValidationError as error:
        problems += [problem(detail, _TABLE) for detail in error.errors()]
        return None


def _order(found: Problem) -> tuple[int, str, str]:
    names = list(_TABLE)
    name = found.where.removesuffix("_FILE") if found.where not in _TABLE else found.where
    return names.index(name) if name in _TABLE else len(names), found.where, found.what
