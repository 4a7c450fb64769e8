"""What no single setting can say: which belong together, which exclude each other, which do not exist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from bot.domain.errors import Problem

_KEY = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID")
_LOGIN = ("OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME")
_PROJECT = ("OS_PROJECT_ID", "OS_PROJECT_NAME")
_OAUTH = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")

_SERVICE_LINK = re.compile(
    r"IMAGEBOT(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""Kubernetes sets these in every pod beside a Service named imagebot*.
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""


def broken_rules(names: Collection[str], known: Collection[str]) -> Iterator[Problem]:
    """A problem for every rule these variables break together. `known` are the names that mean something."""
    yield from _slack_mode(names)
    yield from _no_oauth(names)
    yield from _place(names)
    yield from _credentials(names)
    yield from _retention(names)
    yield from _unknown(names, known)


def _slack_mode(names: Collection[str]) -> Iterator[Problem]:
    if "SLACK_APP_TOKEN" not in names and "SLACK_SIGNING_SECRET" not in names:
        yield Problem(
            where="SLACK_SIGNING_SECRET",
            what="is missing, and HTTP mode needs it",
            instead="set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP mode",
        )


def _no_oauth(names: Collection[str]) -> Iterator[Problem]:
    for name in _OAUTH:
        if name in names:
            yield Problem(
                where=name,
                what="is set, which would turn the bot into an app that others install by OAuth",
                instead="unset it; the bot serves one workspace with SLACK_BOT_TOKEN",
            )


def _place(names: Collection[str]) -> Iterator[Problem]:
    if "IMAGEBOT_REGION" not in names and "IMAGEBOT_IMS_ENDPOINT" not in names:
        yield Problem(
            where="IMAGEBOT_REGION",
            what="is missing",
            instead="a region such as eu-west-101, or IMAGEBOT_IMS_ENDPOINT",
        )


def _credentials(names: Collection[str]) -> Iterator[Problem]:
    keys = [name for name in (*_KEY, "HUAWEICLOUD_SDK_SECURITY_TOKEN") if name in names]
    login = [name for name in (*_LOGIN, *_PROJECT) if name in names]
    if keys and login:
        yield Problem(
            where=keys[0],
            what=f"is set together with {', '.join(login)}: two kinds of cloud credentials",
            instead="unset the kind you do not mean",
        )
    elif keys:
        yield from _missing(_KEY, names, f"needed with {keys[0]}")
    elif login:
        wanted = _LOGIN[1:] if "IMAGEBOT_IAM_ENDPOINT" in names else _LOGIN
        yield from _missing(wanted, names, f"needed with {login[0]}")
        if not any(name in names for name in _PROJECT):
            yield Problem(
                where="OS_PROJECT_ID",
                what="is missing",
                instead="the id of the owning project, or OS_PROJECT_NAME",
            )
    else:
        yield Problem(
            where="HUAWEICLOUD_SDK_AK",
            what="is missing, and so is every other kind of cloud credentials",
            instead=f"set {', '.join(_KEY)}; or {', '.join(_LOGIN)} and {' or '.join(_PROJECT)}",
        )


def _retention(names: Collection[str]) -> Iterator[Problem]:
    if "IMAGEBOT_AUDIT_ARCHIVE" in names and "IMAGEBOT_AUDIT_KEEP" not in names:
        yield Problem(
            where="IMAGEBOT_AUDIT_ARCHIVE",
            what="is set, but nothing is ever removed from the audit log, and so nothing archived",
            instead="set IMAGEBOT_AUDIT_KEEP, or unset it",
        )


def _missing(wanted: Collection[str], names: Collection[str], why: str) -> Iterator[Problem]:
    for name in wanted:
        if name not in names:
            yield Problem(where=name, what="is missing", instead=why)


def _unknown(names: Collection[str], known: Collection[str]) -> Iterator[Problem]:
    for name in sorted(names):
        if name.startswith("IMAGEBOT_") and name not in known and not _SERVICE_LINK.fullmatch(name):
            yield Problem(where=name, what="is not a setting", instead=_nearest(name, known))


def _nearest(name: str, known: Collection[str]) -> str:
    base = name.removesuffix("_FILE")
    if base != name and base in known:
        return f"only secrets are read from a file; set {base}"
    endings = {one.removeprefix("IMAGEBOT_"): one for one in sorted(known)}
    close = get_close_matches(name.removeprefix("IMAGEBOT_"), endings, n=1, cutoff=0.75)
    return f"did you mean {endings[close[0]]}?" if close else "docs/configuration.md lists them all"
