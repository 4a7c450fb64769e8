"""Settings of Slack: tokens, the command, where operators are told."""

from __future__ import annotations

from datetime import timedelta

from bot.config.fields import AppToken, BotToken, Key, Section, Url, count, seconds, setting


class SlackSettings(Section):
    """Slack."""

    bot_token: BotToken = setting(
        "SLACK_BOT_TOKEN",
        "Bot token of the installed app.",
        required=True,
        expects="it starts with xoxb-; see OAuth & Permissions in the app's settings",
        example="xoxb-your-bot-token",
    )
    app_token: AppToken | None = setting(
        "SLACK_APP_TOKEN",
        "App-level token with the scope `connections:write`: Socket Mode. Without it, HTTP mode.",
        expects="it starts with xapp-; see Basic Information in the app's settings",
        example="xapp-your-app-level-token",
    )
    signing_secret: Key | None = setting(
        "SLACK_SIGNING_SECRET",
        "Proves that a call comes from Slack. Required in HTTP mode, unused in Socket Mode.",
        expects="see Basic Information in the app's settings",
    )
    api_url: Url = setting(
        "SLACK_API_URL",
        "Base of Slack's Web API. Changed only for tests and simulators.",
        default="https://slack.com/api",
        expects="an https:// address",
    )
    command: str = setting(
        "IMAGEBOT_COMMAND",
        "The slash command. Generate the app's manifest again after a change.",
        default="/image",
        pattern=r"^/[a-z0-9_-]{1,31}$",
        expects="a slash and 1 to 31 of a-z, 0-9, - and _",
    )
    ops_channel: str | None = setting(
        "IMAGEBOT_OPS_CHANNEL",
        "Id of a channel that is told what only an operator can mend.",
        pattern=r"^[CGD][A-Z0-9]+$",
        expects="a channel id such as C0123456789, not its name",
    )
    commands_per_minute: int = count(
        "IMAGEBOT_COMMANDS_PER_MINUTE",
        60,
        "Commands one person may send; above that they are asked to slow down, and nothing is stored.",
        most=1_000_000,
    )
    presses_per_minute: int = count(
        "IMAGEBOT_PRESSES_PER_MINUTE",
        20,
        "How often one person may press the same button of the same lane; other buttons are counted apart.",
        most=1_000_000,
    )
    group_cache: float = seconds(
        "IMAGEBOT_GROUP_CACHE",
        timedelta(seconds=60),
        "How long members of a Slack group are remembered.",
        most=60,
    )

    socket_deaf_after: float = seconds(
        "IMAGEBOT_SOCKET_DEAF_AFTER",
        timedelta(seconds=30),
        "A Socket Mode connection on which nothing was heard for so long, not even the answer to a ping, is replaced.",
        most=600,
    )
    socket_connections: int = count(
        "IMAGEBOT_SOCKET_CONNECTIONS",
        2,
        "Socket Mode connections that are kept open: while one is replaced, the others take what comes.",
        most=10,
    )

    @property
    def socket_mode(self) -> bool:
        return self.app_token is not None
