"""The doctor: everything the bot needs, looked at once, one plain sentence a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from bot.adapters.huawei.budget import Budget
from bot.adapters.huawei.client import HuaweiCloud
from bot.adapters.slack.check import check_slack
from bot.adapters.slack.client import slack_client
from bot.adapters.store.sqlite import SqliteStore
from bot.app.clock import SystemClock
from bot.app.hardening import warnings
from bot.app.policy_keeper import read_policy
from bot.app.wiring import cloud_settings
from bot.config import Config
from bot.domain.errors import BotError, ConfigError, PolicyError
from bot.domain.policy import Policy
from bot.domain.policy_file import lint

Finding = tuple[Literal["ok", "warning", "error"], str]


async def examine(environ: Mapping[str, str], env_file: Path | None) -> list[Finding]:
    """Findings in the order settings, what is left open, policy, database, Slack, cloud, register. Nothing raises; what cannot
    be asked because something before it is broken is left out."""
    try:
        config = Config.load(environ, env_file=env_file)
    except ConfigError as error:
        return [("error", f"setting {problem}") for problem in error.problems]
    mode = "Socket Mode" if config.slack.socket_mode else f"HTTP mode on {config.service.listen}"
    found: list[Finding] = [("ok", f"The settings are complete: {mode}, command {config.slack.command}.")]
    found += [("warning", sentence) for sentence in warnings(config, environ, env_file)]
    policy = _policy(config, found)
    await _database(config, found)
    await _slack(config, policy, found)
    await _cloud(config, policy, found)
    return found


def _policy(config: Config, found: list[Finding]) -> Policy | None:
    path = config.service.policy
    try:
        policy = read_policy(path)
    except PolicyError as error:
        found += [("error", f"policy {problem}") for problem in error.problems]
        return None
    found.append(
        (
            "ok",
            f"The policy {path} is good: {len(policy.rules)} rules, {len(policy.projects)} projects, its own tests pass.",
        )
    )
    found += [("warning", f"policy {problem}") for problem in lint(policy)]
    return policy


async def _database(config: Config, found: list[Finding]) -> None:
    path = config.service.database_file
    if not path.exists():
        parent = path.resolve().parent
        known = parent.is_dir()
        found.append(
            ("ok", f"The database {path} does not exist yet; `imagebot serve` makes it.")
            if known
            else ("error", f"The folder of the database does not exist: {path.parent}.")
        )
        return
    try:
        store = SqliteStore(str(path), readonly=True)
    except BotError as error:
        found.append(("error", f"database: {error.message}"))
    else:
        await store.close()
        found.append(("ok", f"The database {path} can be read and is up to date."))


async def _slack(config: Config, policy: Policy | None, found: list[Finding]) -> None:
    app_token = config.slack.app_token
    known = policy.groups.values() if policy else ()
    groups = {str(g.name): g.slack_usergroup for g in known if g.slack_usergroup}
    named = (policy.defaults.channel if policy else None, config.slack.ops_channel)
    channels: Sequence[str] = [channel for channel in named if channel]
    token = config.slack.bot_token.get_secret_value()
    async with slack_client(token, api_url=str(config.slack.api_url)) as client:
        found += await check_slack(
            client,
            app_token=app_token.get_secret_value() if app_token else None,
            usergroups=groups,
            channels=channels,
        )


async def _cloud(config: Config, policy: Policy | None, found: list[Finding]) -> None:
    try:
        settings = cloud_settings(config)
    except ConfigError as error:
        found += [("error", f"cloud {problem}") for problem in error.problems]
        return
    budget = Budget(config.cloud.api_rate, config.cloud.api_burst)
    async with HuaweiCloud(settings, budget=budget, clock=SystemClock().now) as cloud:
        try:
            found.append(("ok", f"cloud: {await cloud.check()}"))
        except BotError as error:
            found.append(("error", f"cloud: {error.message}"))
    if policy is not None:
        found += _register(policy, settings.home_project)


def _register(policy: Policy, home: str | None) -> list[Finding]:
    """Each project of the register: whether it can be a receiver at all. The cloud offers no look-up of other tenants'
    projects, so their existence shows only when something is shared."""
    found: list[Finding] = []
    for project in policy.projects:
        if home is not None and project.id == home:
            found.append(
                (
                    "warning",
                    f"project {project.name}: it is the bot's own project; an image is not shared with its owner.",
                )
            )
        else:
            where = f"env {project.env or 'none'}, tenant {project.tenant or 'none'}"
            found.append(("ok", f"project {project.name} ({project.id}): {where}."))
    return found
