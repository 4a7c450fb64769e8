"""Settings of Slack: tokens, the command, where operators are told."""

from __future__ import annotations

from datetime import timedelta

from bot.config.fields import AppToken, BotToken, Key, Section, Url, seconds, setting


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
    group_cache: float = seconds(
        "IMAGEBOT_GROUP_CACHE",
        timedelta(seconds=60),
        "How long members of a Slack group are remembered.",
        most=60,
    )

    @property
    def socket_mode(self) -> bool:
        return self.app_token is not None
