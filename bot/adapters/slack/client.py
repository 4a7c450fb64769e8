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


@asynccontextmanager
async def slack_client(
    token: str, *, api_url: str = DEFAULT_API_URL, call_seconds: float = 10.0
) -> AsyncIterator[AsyncWebClient]:
    """A client over one kept-alive session, closed at the end. `call_seconds` bounds a whole call."""
    limits = aiohttp.ClientTimeout(total=call_seconds, connect=min(5.0, call_seconds))
    async with aiohttp.ClientSession(timeout=limits) as session:
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
