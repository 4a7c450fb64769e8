"""The settings: what is refused, how it is told, and that no secret ever shows."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import ErrorDetails

from bot.config import SETTINGS, AccessKey, Config, Login
from bot.config.fields import problem
from bot.config.reference import example
from bot.domain.errors import ConfigError, Problem
from bot.domain.model import Limits

PROJECT = "9c61004714024f9586705d090530f9fa"
SOCKET = {"SLACK_BOT_TOKEN": "xoxb-bot-1", "SLACK_APP_TOKEN": "xapp-app-1"}
KEY = {
    "HUAWEICLOUD_SDK_AK": "AKEXAMPLE",
    "HUAWEICLOUD_SDK_SK": "sk-value",
    "HUAWEICLOUD_SDK_PROJECT_ID": PROJECT,
}
LOGIN = {
    "OS_AUTH_URL": "https://iam.example.com/v3",
    "OS_USERNAME": "bot",
    "OS_PASSWORD": "correct horse ${HOME}",
    "OS_USER_DOMAIN_NAME": "acme",
    "OS_PROJECT_NAME": "eu-west-101",
}
GOOD = {**SOCKET, **KEY, "IMAGEBOT_REGION": "eu-west-101"}
SECRETS = tuple(row.name for row in SETTINGS if row.secret)


def load(env_file: Path | None = None, **environ: str) -> Config:
    return Config.load(environ, env_file=env_file)


def without(*names: str, **more: str) -> dict[str, str]:
    return {name: value for name, value in {**GOOD, **more}.items() if name not in names}


def problems(env_file: Path | None = None, **environ: str) -> dict[str, Problem]:
    """By variable name, of settings that are refused."""
    with pytest.raises(ConfigError) as caught:
        Config.load(environ, env_file=env_file)
    found = {problem.where: problem for problem in caught.value.problems}
    assert len(found) == len(caught.value.problems), "one variable is told of twice"
    return found


# -- what is accepted ------------------------------------------------------------


def test_the_smallest_socket_mode_settings_suffice() -> None:
    """A newcomer should not have to guess more than six values."""
    config = load(**GOOD)

    assert config.slack.socket_mode
    assert config.slack.bot_token.get_secret_value() == "xoxb-bot-1"
    assert config.limits == Limits()
    assert config.service.database_file == Path("imagebot.db")
    assert config.service.listen_address == ("127.0.0.1", 3000)


def test_without_an_app_token_the_bot_runs_in_http_mode() -> None:
    """The presence of one token is the whole switch between the two modes."""
    config = load(**without("SLACK_APP_TOKEN", SLACK_SIGNING_SECRET="8f742231b10e8888abcd99yyyzzz85a5"))

    assert not config.slack.socket_mode


def test_an_access_key_and_a_login_are_told_apart() -> None:
    """The adapter must never have to guess which of two kinds was meant."""
    key = load(**GOOD, HUAWEICLOUD_SDK_SECURITY_TOKEN="temporary").cloud.credentials
    login = load(**SOCKET, **LOGIN, IMAGEBOT_REGION="eu-west-101").cloud.credentials

    assert isinstance(key, AccessKey)
    assert key.security_token is not None
    assert key.project_id == PROJECT
    assert isinstance(login, Login)
    assert login.password.get_secret_value() == "correct horse ${HOME}"
    assert (login.project_id, login.project_name) == (None, "eu-west-101")


def test_the_iam_endpoint_stands_in_for_the_auth_url() -> None:
    """A private network reaches IAM by another address than the one in everybody's OS_AUTH_URL."""
    environ = {**SOCKET, **LOGIN, "IMAGEBOT_REGION": "eu-de", "IMAGEBOT_IAM_ENDPOINT": "https://iam.internal"}
    del environ["OS_AUTH_URL"]

    login = load(**environ).cloud.credentials

    assert isinstance(login, Login)
    assert login.auth_url == "https://iam.internal"


def test_an_endpoint_is_enough_without_a_region() -> None:
    """A private cloud has no region of the public list."""
    config = load(**without("IMAGEBOT_REGION", IMAGEBOT_IMS_ENDPOINT="http://127.0.0.1:9/"))

    assert config.cloud.ims_endpoint == "http://127.0.0.1:9"
    assert config.cloud.region is None


def test_an_empty_variable_is_the_same_as_none() -> None:
    """Compose files and manifests pass empty values for what is not set."""
    config = load(**GOOD, IMAGEBOT_LOG="", SLACK_SIGNING_SECRET="", OS_USERNAME="", SLACK_BOT_TOKEN_FILE="")

    assert config.service.log == "info"
    assert config.slack.signing_secret is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("yes", True), ("on", True), ("1", True), ("No", False), ("off", False)]
)
def test_a_switch_can_be_typed_in_the_usual_ways(typed: str, meant: bool) -> None:
    """Nobody remembers whether it was yes or on."""
    config = load(**GOOD, IMAGEBOT_METRICS=typed, IMAGEBOT_MIGRATE=typed)

    assert (config.service.metrics, config.service.migrate) == (meant, meant)


@pytest.mark.parametrize(
    ("url", "file"),
    [("sqlite:///a/b.db", Path("a/b.db")), ("sqlite:////data/imagebot.db", Path("/data/imagebot.db"))],
)
def test_three_slashes_are_relative_and_four_absolute(url: str, file: Path) -> None:
    """The one slash decides whether the requests survive the container."""
    assert load(**GOOD, IMAGEBOT_DATABASE=url).service.database_file == file


@pytest.mark.parametrize(
    ("typed", "address"),
    [("0.0.0.0:0", ("0.0.0.0", 0)), ("[::1]:3000", ("::1", 3000)), ("localhost:65535", ("localhost", 65535))],
)
def test_a_listen_address_is_host_and_port(typed: str, address: tuple[str, int]) -> None:
    """IPv6 hosts carry colons of their own."""
    assert load(**GOOD, IMAGEBOT_LISTEN=typed).service.listen_address == address


def test_every_limit_of_the_domain_has_a_setting() -> None:
    """A number somebody will want to change must not need a change of code."""
    rows = {row.name: row for row in SETTINGS}

    for field in dataclasses.fields(Limits):
        default = getattr(Limits(), field.name)
        plain = default.total_seconds() if isinstance(default, timedelta) else default
        assert float(rows[f"IMAGEBOT_{field.name.upper()}"].default) == plain


def test_a_limit_that_is_set_reaches_the_domain() -> None:
    """Seconds become lengths of time, counts stay counts."""
    limits = load(**GOOD, IMAGEBOT_MAX_SUBMITS="7", IMAGEBOT_SETTLE_DELAY="0.25").limits

    assert limits == dataclasses.replace(Limits(), max_submits=7, settle_delay=timedelta(milliseconds=250))


# -- what is refused ------------------------------------------------------------


def test_all_problems_are_told_at_once() -> None:
    """Starting six times to find six mistakes is how an evening is lost."""
    found = problems(
        SLACK_BOT_TOKEN="xapp-wrong", IMAGEBOT_WORKERS="many", IMAGEBOT_COMMAND="image", OS_USERNAME="bot"
    )

    assert set(found) == {
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "IMAGEBOT_COMMAND",
        "IMAGEBOT_REGION",
        "OS_AUTH_URL",
        "OS_PASSWORD",
        "OS_USER_DOMAIN_NAME",
        "OS_PROJECT_ID",
        "IMAGEBOT_WORKERS",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-user"),
        ("SLACK_BOT_TOKEN", '"xoxb-quoted"'),
        ("SLACK_BOT_TOKEN", "xoxb-two words"),
        ("SLACK_APP_TOKEN", "xoxb-bot"),
        ("SLACK_API_URL", "slack.com/api"),
        ("SLACK_API_URL", "http://slack.example.com/api"),
        ("IMAGEBOT_COMMAND", "image"),
        ("IMAGEBOT_COMMAND", "/Image"),
        ("IMAGEBOT_COMMAND", "/image\n"),
        ("IMAGEBOT_COMMAND", "/" + "a" * 32),
        ("IMAGEBOT_OPS_CHANNEL", "#ops"),
        ("IMAGEBOT_GROUP_CACHE", "61"),
        ("IMAGEBOT_REGION", "Europe"),
        ("IMAGEBOT_IMS_ENDPOINT", "ftp://ims.example.com"),
        ("IMAGEBOT_IMS_ENDPOINT", "https://ims.example.com:port"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "../other"),
        ("IMAGEBOT_JOB_ENDPOINT", "newest"),
        ("IMAGEBOT_API_RATE", "0"),
        ("IMAGEBOT_API_RATE", "nan"),
        ("IMAGEBOT_API_BURST", "1.5"),
        ("IMAGEBOT_HTTP_TIMEOUT", "-1"),
        ("IMAGEBOT_DATABASE", "postgresql://bot:pw@db/imagebot"),
        ("IMAGEBOT_DATABASE", "sqlite://imagebot.db"),
        ("IMAGEBOT_DATABASE", "sqlite:///:memory:"),
        ("IMAGEBOT_DATABASE", "sqlite:///"),
        ("IMAGEBOT_DATABASE", "imagebot.db"),
        ("IMAGEBOT_LISTEN", "3000"),
        ("IMAGEBOT_LISTEN", "127.0.0.1:70000"),
        ("IMAGEBOT_LISTEN", ":3000"),
        ("IMAGEBOT_LOG", "loud"),
        ("IMAGEBOT_WORKERS", "0"),
        ("IMAGEBOT_MIGRATE", "perhaps"),
        ("IMAGEBOT_MAX_SUBMITS", "0"),
        ("IMAGEBOT_SETTLE_DELAY", "10s"),
        ("IMAGEBOT_RESPONSE_URL_LIFE", "1801"),
    ],
)
def test_a_wrong_value_is_told_by_its_variable_with_what_would_be_right(name: str, value: str) -> None:
    """The sentence must suffice to mend it."""
    found = problems(**{**GOOD, name: value})

    assert list(found) == [name]
    assert found[name].instead


def test_http_mode_without_a_signing_secret_does_not_start() -> None:
    """Without it anybody could approve by a forged click."""
    assert "SLACK_SIGNING_SECRET" in problems(**without("SLACK_APP_TOKEN"))


@pytest.mark.parametrize("missing", sorted(KEY))
def test_half_an_access_key_says_which_half_is_missing(missing: str) -> None:
    """A key without its project signs calls that the cloud cannot place."""
    assert list(problems(**without(missing))) == [missing]


@pytest.mark.parametrize("missing", ["OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME"])
def test_half_a_login_says_what_is_missing(missing: str) -> None:
    """The other half is usually in a file that was not sourced."""
    environ = {**SOCKET, **LOGIN, "IMAGEBOT_REGION": "eu-de"}
    del environ[missing]

    assert list(problems(**environ)) == [missing]


def test_two_kinds_of_credentials_are_one_too_many() -> None:
    """Which of two accounts shares the images is not to be guessed."""
    found = problems(**GOOD, **LOGIN)

    assert list(found) == ["HUAWEICLOUD_SDK_AK"]
    assert "OS_USERNAME" in found["HUAWEICLOUD_SDK_AK"].what


def test_no_credentials_at_all_names_both_kinds() -> None:
    """A newcomer learns what there is to choose from."""
    found = problems(**without(*KEY))

    assert "OS_AUTH_URL" in found["HUAWEICLOUD_SDK_AK"].instead


def test_neither_region_nor_endpoint_does_not_start() -> None:
    """There is no region that is right for everybody."""
    assert list(problems(**without("IMAGEBOT_REGION"))) == ["IMAGEBOT_REGION"]


@pytest.mark.parametrize("name", ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"])
def test_oauth_settings_are_refused(name: str) -> None:
    """Slack's library would quietly become an app for many workspaces and ignore our token."""
    assert list(problems(**GOOD, **{name: "1.2"})) == [name]


def test_postgresql_is_said_to_be_not_yet_supported() -> None:
    """It is in the plan, so somebody will try."""
    found = problems(**GOOD, IMAGEBOT_DATABASE="postgresql+psycopg://u:hidden@h/d")

    assert "not yet supported" in found["IMAGEBOT_DATABASE"].what


def test_a_mistyped_setting_gets_the_nearest_name() -> None:
    """A misspelt limit that is silently ignored is found out in production."""
    found = problems(**GOOD, IMAGEBOT_COMAND="/x", IMAGEBOT_QWERTY="1", IMAGEBOT_POLICY_FILE="p")

    assert found["IMAGEBOT_COMAND"].instead == "did you mean IMAGEBOT_COMMAND?"
    assert "docs/configuration.md" in found["IMAGEBOT_QWERTY"].instead
    assert "IMAGEBOT_POLICY" in found["IMAGEBOT_POLICY_FILE"].instead


def test_what_kubernetes_sets_beside_a_service_named_imagebot_is_no_mistake() -> None:
    """Else the bot would not start in exactly the cluster it is documented for."""
    links = {
        "IMAGEBOT_SERVICE_HOST": "10.0.0.1",
        "IMAGEBOT_SERVICE_PORT": "80",
        "IMAGEBOT_SERVICE_PORT_HTTP": "80",
        "IMAGEBOT_PORT": "tcp://10.0.0.1:80",
        "IMAGEBOT_PORT_80_TCP": "tcp://10.0.0.1:80",
        "IMAGEBOT_PORT_80_TCP_ADDR": "10.0.0.1",
        "IMAGEBOT_METRICS_SERVICE_HOST": "10.0.0.2",
    }

    assert load(**GOOD, **links) == load(**GOOD)


def test_a_claim_must_outlast_the_call_made_under_it() -> None:
    """Else a second worker takes a row whose first call is still on its way."""
    assert list(problems(**GOOD, IMAGEBOT_LEASE="20")) == ["IMAGEBOT_LEASE"]


# -- files ------------------------------------------------------------


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    """What is set for one run is meant for that run."""
    file = tmp_path / ".env"
    file.write_text("IMAGEBOT_LOG=debug\nexport IMAGEBOT_WORKERS=3\n# a comment\n", encoding="utf-8")

    config = load(file, **GOOD, IMAGEBOT_LOG="error")

    assert (config.service.log, config.service.workers) == ("error", 3)


def test_a_dollar_in_the_env_file_is_only_a_dollar(tmp_path: Path) -> None:
    """A generated password must arrive as it was generated, and no foreign variable may slip in."""
    file = tmp_path / ".env"
    file.write_text("OS_PASSWORD='a${HOME}b$c'\n", encoding="utf-8")
    environ = {**SOCKET, **LOGIN, "IMAGEBOT_REGION": "eu-de"}
    del environ["OS_PASSWORD"]

    login = load(file, **environ).cloud.credentials

    assert isinstance(login, Login)
    assert login.password.get_secret_value() == "a${HOME}b$c"


def test_a_line_of_the_env_file_that_is_no_setting_is_told_by_its_number(tmp_path: Path) -> None:
    """The usual reader skips it, and a default is used instead of what was meant."""
    file = tmp_path / ".env"
    file.write_text("IMAGEBOT_LOG=debug\n\nIMAGEBOT_WORKERS: 3\nIMAGEBOT_COMMAND\n", encoding="utf-8")

    assert list(problems(file, **GOOD)) == [f"{file}:3", f"{file}:4"]


def test_an_absent_env_file_is_no_problem_and_an_unreadable_one_is(tmp_path: Path) -> None:
    """Containers have none; a folder of that name is a mistake of the mount."""
    assert load(tmp_path / "absent", **GOOD) == load(**GOOD)
    assert list(problems(tmp_path, **GOOD)) == [str(tmp_path)]


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_can_come_from_a_file(name: str, tmp_path: Path) -> None:
    """Docker and Kubernetes mount secrets as files, with or without a line break at the end."""
    base = {**SOCKET, "IMAGEBOT_REGION": "eu-de", **(LOGIN if name.startswith("OS_") else KEY)}
    value = base.pop(name, "a-secret")
    (tmp_path / "secret").write_text(f"{value}\n", encoding="utf-8")

    config = load(**base, **{f"{name}_FILE": str(tmp_path / "secret")})

    assert config == load(**base, **{name: value})


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_secret_file_that_holds_no_secret_is_told_once(content: bytes | None, tmp_path: Path) -> None:
    """ "Missing" as well would send the reader to the wrong variable."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    found = problems(**without("SLACK_BOT_TOKEN"), SLACK_BOT_TOKEN_FILE=str(file))

    assert list(found) == ["SLACK_BOT_TOKEN_FILE"]
    assert str(file) in found["SLACK_BOT_TOKEN_FILE"].what


def test_a_secret_set_in_two_ways_is_refused(tmp_path: Path) -> None:
    """One of the two is old, and nobody knows which."""
    (tmp_path / "token").write_text("xoxb-other")

    found = problems(**GOOD, SLACK_BOT_TOKEN_FILE=str(tmp_path / "token"))

    assert list(found) == ["SLACK_BOT_TOKEN"]
    assert "SLACK_BOT_TOKEN_FILE" in found["SLACK_BOT_TOKEN"].what


# -- secrets ------------------------------------------------------------


@given(secret=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=12, max_size=40))
def test_no_problem_ever_shows_a_secret(secret: str) -> None:
    """The list of problems goes to a terminal, a log, and from there to a ticket."""
    marked = f"S3CR3T{secret}"
    environ = dict.fromkeys(SECRETS, marked) | {"IMAGEBOT_DATABASE": f"postgresql://bot:{marked}@db/x"}
    with pytest.raises(ConfigError) as caught:
        Config.load({**environ, "OS_AUTH_URL": f"https://bot:{marked}@iam"}, env_file=None)

    assert "S3CR3T" not in str(caught.value)
    assert "S3CR3T" not in repr(caught.value.problems)


def test_a_secret_is_not_shown_whatever_check_it_fails() -> None:
    """A new check of a secret must not have to remember to be silent."""
    table = {row.name: row for row in SETTINGS}
    for name in SECRETS:
        error = ErrorDetails(type="string_too_short", loc=(name,), msg="S3CR3T", input="S3CR3T")
        assert "S3CR3T" not in str(problem(error, table))


def test_a_token_pasted_into_the_wrong_variable_is_not_shown() -> None:
    """The commonest way for a token to reach a log."""
    found = problems(**{**GOOD, "IMAGEBOT_OPS_CHANNEL": "xoxb-1-real", "IMAGEBOT_LOG": "xapp-1-real"})

    assert set(found) == {"IMAGEBOT_OPS_CHANNEL", "IMAGEBOT_LOG"}
    assert "real" not in str(list(found.values()))


def test_printing_the_config_shows_no_secret() -> None:
    """Somebody will log it."""
    config = load(**GOOD, SLACK_SIGNING_SECRET="signing-value")
    text = f"{config} {config!r} {config.slack.model_dump()} {config.cloud.credentials!r}"

    for secret in ("xoxb-bot-1", "xapp-app-1", "signing-value", "AKEXAMPLE", "sk-value"):
        assert secret not in text


def test_the_config_cannot_be_changed() -> None:
    """What was checked at start stays what was checked."""
    config = load(**GOOD)

    with pytest.raises(ValueError, match="frozen"):
        config.service.workers = 99
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.limits = Limits()  # type: ignore[misc]


def test_nothing_but_the_arguments_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable left over in the shell must not reach a bot that was started without it."""
    (tmp_path / ".env").write_text("IMAGEBOT_WORKERS=99\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAGEBOT_WORKERS", "98")
    monkeypatch.setenv("workers", "97")

    assert load(**GOOD).service.workers == 8


# -- the example file ------------------------------------------------------------


def test_every_default_of_the_example_is_a_valid_value(tmp_path: Path) -> None:
    """Whoever removes a # must not be told that the documented default is wrong."""
    opened = re.sub(r"^# (?=(IMAGEBOT|SLACK)_\w+=.)", "", example(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(opened)
    (tmp_path / ".env.example").write_text(example())

    assert load(tmp_path / ".env") == load(tmp_path / ".env.example")
    assert all(f"{row.name}=" in opened for row in SETTINGS)
