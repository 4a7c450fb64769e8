"""The connection to Slack's Web API that everything in this folder shares: one session, no hidden retries, no
hidden proxy, no library chatter. Lives here: how to reach Slack. What is said to it is elsewhere.

slack_sdk honours HTTPS_PROXY but not NO_PROXY, repeats chat.postMessage after a cut connection, and prints
bodies with their response_urls at debug level; each is taken in hand here.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

DEFAULT_API_URL = "https://slack.com/api/"
_SLACK = ("slack.com", "slack-gov.com")
"""Slack and GovSlack. https://docs.slack.dev/govslack"""


def library_logger(level: int = logging.WARNING) -> logging.Logger:
    """The logger given to slack_bolt and slack_sdk, never chattier than a warning: at debug level they
    print response_urls."""
    logger = logging.getLogger("imagebot.slack.library")
    logger.setLevel(max(level, logging.WARNING))
    return logger


def proxy_for(url: str) -> str | None:
    """The proxy to use for `url` by the usual environment variables, NO_PROXY included; none for this
    machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return proxies.get(scheme) or proxies.get("all") or None


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_answer_address(url: str, api_url: str) -> bool:
    """Whether a response_url leads where Slack's own do: to hooks.slack.com over TLS; where SLACK_API_URL names another server,
    to exactly that one. Anything else would make the bot post what it has to say to whomever a payload names."""
    try:
        asked, api = urlsplit(url), urlsplit(api_url)
        place, own = (asked.scheme, asked.hostname, asked.port), (api.scheme, api.hostname, api.port)
    except ValueError:
        return False
    if asked.username is not None or asked.password is not None:
        return False
    host = api.hostname or ""
    slack = next((one for one in _SLACK if host == one or host.endswith(f".{one}")), None)
    if slack is None:
        return place == own
    return place[:2] == ("https", f"hooks.{slack}") and asked.port in (None, 443)


async def _no_detours(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A redirect is an error: Slack's API never answers with one, and what is sent must reach nobody else."""
    answer = await handler(request)
    if 300 <= answer.status < 400:
        answer.close()
        raise aiohttp.ClientPayloadError(f"a redirect ({answer.status}) where Slack's API should be")
    return answer


@asynccontextmanager
async def slack_client(
    token: str, *, api_url: str = DEFAULT_API_URL, call_seconds: float = 10.0
) -> AsyncIterator[AsyncWebClient]:
    """A client over one kept-alive session, closed at the end. `call_seconds` bounds a whole call."""
    limits = aiohttp.ClientTimeout(total=call_seconds, connect=min(5.0, call_seconds))
    async with aiohttp.ClientSession(timeout=limits, middlewares=(_no_detours,)) as session:
        client = AsyncWebClient(
            token=token,
            base_url=api_url,
            timeout=max(1, round(call_seconds)),
            session=session,
            retry_handlers=[],
            logger=library_logger(),
        )
        client.proxy = proxy_for(client.base_url)
        yield client
