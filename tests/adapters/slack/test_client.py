"""How Slack is reached: which proxy, which log."""

from __future__ import annotations

import logging

import pytest

from bot.adapters.slack.client import library_logger, proxy_for

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "NO_PROXY",
        "no_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", PROXY)
    monkeypatch.setenv("http_proxy", PROXY)
    monkeypatch.setenv("no_proxy", "slack.internal")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://slack.com/api/", PROXY),
        ("wss://wss-primary.slack.com/link", PROXY),
        ("https://slack.internal/api/", None),
        ("http://127.0.0.1:8080/api/", None),
        ("ws://localhost:8080/link", None),
        ("http://[::1]:8080/", None),
        ("nonsense", None),
    ],
)
def test_the_proxy_is_the_environments_but_never_for_this_machine(url: str, proxy: str | None) -> None:
    """slack_sdk ignores NO_PROXY and would send a demo on loopback to the company's proxy."""
    assert proxy_for(url) == proxy


def test_the_libraries_are_never_chattier_than_a_warning() -> None:
    """At debug level they print bodies with their response_urls."""
    logging.getLogger("imagebot").setLevel(logging.DEBUG)

    assert library_logger(logging.DEBUG).level == logging.WARNING
