"""What the adapter is told, and what it refuses to be told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.huawei import regions
from bot.adapters.huawei.settings import AkSk, HuaweiSettings, Password
from bot.domain.errors import ConfigError

KEY = AkSk(ak="ACCESSKEY", sk="SECRETKEY", security_token="SECURITYTOKEN")
WHO = Password(username="bot", password="hunter2", user_domain_name="ACCOUNT")


def made(**changes: Any) -> HuaweiSettings:
    usual: dict[str, Any] = {"region": "eu-west-101", "credentials": KEY, "project_id": "A" * 32}
    return HuaweiSettings(**{**usual, **changes})


@pytest.mark.parametrize(
    ("region", "ims", "iam"),
    [
        (
            "cn-north-4",
            "https://ims.cn-north-4.myhuaweicloud.com",
            "https://iam.cn-north-4.myhuaweicloud.com",
        ),
        (
            "eu-west-101",
            "https://ims.eu-west-101.myhuaweicloud.eu",
            "https://iam.eu-west-101.myhuaweicloud.eu",
        ),
        ("eu-west-0", "https://ims.eu-west-0.myhuaweicloud.com", "https://iam.eu-west-0.myhuaweicloud.com"),
        ("eu-de", "https://ims.eu-de.otc.t-systems.com", "https://iam.eu-de.otc.t-systems.com"),
    ],
)
def test_a_region_has_its_own_hosts(region: str, ims: str, iam: str) -> None:
    """The European cloud and the white labels do not follow the common pattern."""
    settings = made(region=region)

    assert (settings.ims_url, settings.iam_url) == (ims, iam)


def test_addresses_can_be_set() -> None:
    """The vendor's own sources disagree about Europe, so the operator has the last word."""
    settings = made(endpoint="https://ims.example.com/", iam_endpoint="https://iam.example.com/v3/")

    assert (settings.ims_url, settings.iam_url) == ("https://ims.example.com", "https://iam.example.com")


def test_the_address_that_comes_with_the_password_wins() -> None:
    """OS_AUTH_URL belongs to the OS_ names."""
    who = Password(username="u", password="p", user_domain_name="d", auth_url="https://own.example.com/v3")

    assert made(credentials=who, iam_endpoint="https://x.example.com").iam_url == "https://own.example.com"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"region": "eu-wset-101!"}, "region"),
        ({"endpoint": "http://ims.example.com"}, "endpoint"),
        ({"endpoint": "ims.example.com"}, "endpoint"),
        ({"endpoint": "https://user:secret@ims.example.com"}, "endpoint"),
        ({"iam_endpoint": "ftp://iam.example.com"}, "iam_endpoint"),
        ({"project_id": None}, "project_id"),
        ({"credentials": AkSk(ak="", sk="x")}, "credentials"),
        ({"credentials": AkSk(ak="a", sk="x\n")}, "credentials"),
        ({"auth_cool_down": timedelta(minutes=4)}, "auth_cool_down"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(changes: dict[str, Any], where: str) -> None:
    """A bot that starts with them fails later, in front of people."""
    with pytest.raises(ConfigError) as wrong:
        made(**changes)

    assert [problem.where for problem in wrong.value.problems] == [where]


def test_all_problems_are_told_at_once() -> None:
    """Nobody wants to restart once a problem."""
    with pytest.raises(ConfigError) as wrong:
        made(region="?", project_id=None, endpoint=None, iam_endpoint="http://iam.example.com")

    assert len(wrong.value.problems) >= 3


def test_a_mistyped_region_gets_a_suggestion() -> None:
    """Did you mean is quicker than a manual."""
    assert regions.nearest_region("eu-west-1O1") == "eu-west-101"
    assert regions.nearest_region("mars") == ""


def test_plain_http_is_for_this_machine_only() -> None:
    """The demo and the tests need it; the internet must not see a key at work."""
    assert made(endpoint="http://127.0.0.1:8080").ims_url == "http://127.0.0.1:8080"
    assert made(endpoint="http://[::1]:8080").ims_url == "http://[::1]:8080"
    assert made(endpoint="http://localhost:8080").ims_url == "http://localhost:8080"


@pytest.mark.parametrize("credentials", [KEY, WHO])
def test_no_secret_shows_in_a_repr(credentials: AkSk | Password) -> None:
    """Settings end up in logs and tracebacks."""
    for shown in (repr(credentials), str(credentials), repr(made(credentials=credentials))):
        assert not any(secret in shown for secret in ("SECRETKEY", "SECURITYTOKEN", "hunter2", "ACCESSKEY"))


def test_a_project_of_the_password_is_ours() -> None:
    """OS_PROJECT_ID says it as well as the other name does."""
    who = Password(username="u", password="p", user_domain_name="d", project_id="AB" * 16)

    assert made(credentials=who, project_id=None).home_project == "ab" * 16
