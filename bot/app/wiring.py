"""How the rooms are put together, from settings to a bot that can be started and stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.adapters.huawei.budget import Budget, Priority
from bot.adapters.huawei.client import HuaweiCloud
from bot.adapters.huawei.settings import AkSk, HuaweiSettings, Password, Timeouts
from bot.adapters.slack.answers import Answers
from bot.adapters.slack.check import own_identity
from bot.adapters.slack.client import slack_client
from bot.adapters.slack.connection import SocketPatience
from bot.adapters.slack.listeners import build_app
from bot.adapters.slack.messenger import SlackChat
from bot.adapters.slack.pacing import Pacer
from bot.adapters.slack.people import SlackPeople
from bot.adapters.slack.socket import SocketRunner
from bot.adapters.slack.throttle import Rate, Throttled
from bot.adapters.store.sqlite import SqliteStore
from bot.app.clock import SystemClock, new_claim
from bot.app.cloud_health import CloudHealth
from bot.app.inbound import SlackInbound
from bot.app.metrics import Metrics
from bot.app.ops_alerts import OpsAlerts
from bot.app.policy_keeper import PolicyKeeper
from bot.config import AccessKey, Config
from bot.domain.polling import Durations
from bot.ports import Clock, Outside
from bot.worker import Report, Worker
from bot.worker.pace import LearnedPace


@dataclass(kw_only=True)
class Bot:
    """Everything that runs, wired and not yet started."""

    config: Config
    outside: Outside
    keeper: PolicyKeeper
    worker: Worker
    metrics: Metrics
    cloud_health: CloudHealth
    alerts: OpsAlerts
    answers: Answers
    bolt: Any
    """The Slack application with its listeners."""
    socket: SocketRunner | None
    """None in HTTP mode."""
    identity: Mapping[str, str]
    """Who the bot is in Slack: team_id, user_id, ..."""


@asynccontextmanager
async def wired(config: Config, clock: Clock | None = None) -> AsyncIterator[Bot]:
    """The bot, with its store open and Slack's word that the token is good; all closed at the end, the store last.

    Raises PolicyError, StoreBrokenError, StoreBusyError, ChatAuthError, ChatBusyError.
    """
    clock = clock or SystemClock()
    keeper = PolicyKeeper(config.service.policy)
    async with AsyncExitStack() as stack:
        store = open_store(config)
        stack.push_async_callback(store.close)
        budget = _budget(config)
        cloud = HuaweiCloud(cloud_settings(config), budget=budget, clock=clock.now)
        stack.push_async_callback(cloud.close)
        token = config.slack.bot_token.get_secret_value()
        client = await stack.enter_async_context(slack_client(token, api_url=str(config.slack.api_url)))
        identity = await own_identity(client)
        pacer = Pacer()
        chat = SlackChat(client, pacer=pacer, workspace=identity.get("url", ""))
        people = SlackPeople(client, team=identity["team_id"], max_age=config.slack.group_cache)
        pace = LearnedPace(
            config.cloud.region or "",
            Durations.from_plain(await store.read(lambda view: view.durations())),
            turn_in=lambda: budget.turn_in(Priority.POLL),
        )
        outside = Outside(
            store=store, cloud=cloud, chat=chat, people=people, clock=clock, pace=pace,
            policy=keeper.current, limits=config.limits, command=config.slack.command, turns=pacer,
        )  # fmt: skip
        yield _assembled(config, outside, keeper, client, identity)


def _assembled(
    config: Config, outside: Outside, keeper: PolicyKeeper, client: Any, identity: Mapping[str, str]
) -> Bot:
    metrics, cloud_health = Metrics(), CloudHealth(outside)
    alerts = OpsAlerts(outside, config.slack.ops_channel)

    def report(done: Report) -> None:
        metrics.worked(done)
        cloud_health.heard(done)
        alerts.heard(done)

    worker = Worker(outside, size=config.service.workers, new_claim=new_claim, report=report)
    answers = Answers(outside.chat)
    slack = config.slack
    inbound = Throttled(
        SlackInbound(outside, nudge=worker.nudge, seen=metrics.inbound),
        commands=Rate(slack.commands_per_minute),
        presses=Rate(slack.presses_per_minute),
        seen=metrics.inbound,
    )
    secret, app_token = config.slack.signing_secret, config.slack.app_token
    bolt = build_app(
        client,
        inbound,
        answers,
        command=config.slack.command,
        signing_secret=secret.get_secret_value() if secret and not app_token else None,
    )
    socket = None
    if app_token is not None:
        socket = SocketRunner(
            bolt, client, app_token=app_token.get_secret_value(), clock=outside.clock,
            patience=SocketPatience.within(config.slack.socket_deaf_after),
            connections=config.slack.socket_connections,
        )  # fmt: skip
    return Bot(
        config=config, outside=outside, keeper=keeper, worker=worker, metrics=metrics, cloud_health=cloud_health,
        alerts=alerts,
        answers=answers, bolt=bolt, socket=socket, identity=identity,
    )  # fmt: skip


def open_store(config: Config) -> SqliteStore:
    """The database of the settings, made and migrated where the settings allow it."""
    return SqliteStore(str(config.service.database_file), migrate_first=config.service.migrate)


def _budget(config: Config) -> Budget:
    return Budget(config.cloud.api_rate, config.cloud.api_burst)


def _timeouts(config: Config) -> Timeouts:
    """A call with its wait for a turn is over before the lease ends: else the answer would find its row in other hands."""
    total, lease = config.cloud.http_timeout, config.limits.lease.total_seconds()
    return Timeouts(
        connect=min(5.0, total),
        read=min(15.0, total),
        total=total,
        wait=max(0.2, min(15.0, (lease - total) * 0.8)),
    )


def cloud_settings(config: Config) -> HuaweiSettings:
    """The cloud adapter's settings from ours."""
    cloud, credentials = config.cloud, config.cloud.credentials
    auth: AkSk | Password
    project: str | None
    if isinstance(credentials, AccessKey):
        token = credentials.security_token
        auth = AkSk(
            ak=credentials.ak.get_secret_value(),
            sk=credentials.sk.get_secret_value(),
            security_token=token.get_secret_value() if token else None,
        )
        project = credentials.project_id
    else:
        auth = Password(
            username=credentials.username,
            password=credentials.password.get_secret_value(),
            user_domain_name=credentials.user_domain,
            auth_url=credentials.auth_url,
            project_id=credentials.project_id,
            project_name=credentials.project_name,
        )
        project = credentials.project_id
    return HuaweiSettings(
        region=cloud.region or "",
        credentials=auth,
        endpoint=cloud.ims_endpoint,
        iam_endpoint=cloud.iam_endpoint,
        project_id=project,
        job_endpoint=cloud.job_endpoint,
        timeouts=_timeouts(config),
    )
