"""What went wrong in a call to Slack, in the bot's own errors. Lives here: Slack's error words and what
each of them means for us. Words: the "Errors" section of each method's page under
https://docs.slack.dev/reference/methods."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.domain.errors import (
    BotError,
    BugError,
    ChatAuthError,
    ChatBusyError,
    ChatCutError,
    NotReachableError,
)

UNREACHABLE = frozenset(
    {
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "ekm_access_denied",
        "user_not_in_channel",
        "user_not_found",
        "users_not_found",
        "user_disabled",
        "cannot_dm_bot",
        "channel_type_not_supported",
        "method_not_supported_for_channel_type",
        "no_permission_to_post",
        "thread_not_found",
        "cannot_reply_to_message",
        "invalid_thread_ts",
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "slack_connect_canvas_sharing_blocked",
        "slack_connect_file_link_sharing_blocked",
    }
)
"""Also every word that starts with restricted_action."""

NOT_ACCEPTED = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "org_login_required",
        "enterprise_is_restricted",
        "two_factor_setup_required",
        "access_denied",
        "accesslimited",
        "team_access_not_granted",
        "app_missing_action_url",
    }
)

TOO_FAST = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
NOT_TAKEN = frozenset({"request_timeout", "service_unavailable", "team_added_to_org"})
"""Slack did not carry the call out, and may later."""
PERHAPS_TAKEN = frozenset({"internal_error", "fatal_error"})
"""Slack's pages say that some of the operation may have succeeded."""
REFUSED_SHAPE = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_too_long",
        "msg_blocks_too_long",
        "invalid_attachments",
        "no_text",
    }
)
"""The drawing is wrong: a bug of ours, and yet the message must reach people."""

LIBRARY_ERRORS = (
    SlackApiError,
    aiohttp.ClientError,
    asyncio.TimeoutError,
    OSError,
    ValueError,
    AttributeError,
)
"""What a call through slack_sdk may end in; AttributeError where a 200 carries something else than a JSON
object."""

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientProxyConnectionError)


def translated(error: BaseException, *, repeatable: bool) -> BotError:
    """The bot's error for what a call to Slack ended in. `repeatable` calls may be made again whatever
    happened, so that they are only ever busy, never cut."""
    if isinstance(error, _NOT_SENT):
        return ChatBusyError("Slack could not be reached; nothing was sent.")
    if isinstance(error, SlackApiError):
        return _refused(error, repeatable)
    return _unsure(repeatable)


def word_of(error: BaseException) -> str:
    """Slack's error word; empty when there is none."""
    if not isinstance(error, SlackApiError):
        return ""
    data = getattr(error.response, "data", None)
    word = data.get("error", "") if isinstance(data, dict) else ""
    return word if isinstance(word, str) else ""


def retry_after_of(error: SlackApiError) -> float | None:
    """Seconds from the Retry-After header; None when Slack did not say, or not a number."""
    headers: Any = getattr(error.response, "headers", None)
    if not isinstance(headers, Mapping):
        return None
    said = next((value for name, value in headers.items() if str(name).lower() == "retry-after"), None)
    try:
        seconds = float(said)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < float("inf") else None


def is_too_fast(error: SlackApiError) -> bool:
    """Whether Slack asked us to wait."""
    return status_of(error) == 429 or word_of(error) in TOO_FAST


def _refused(error: SlackApiError, repeatable: bool) -> BotError:
    status, word = status_of(error), word_of(error)
    if is_too_fast(error):
        return ChatBusyError(retry_after=retry_after_of(error))
    if word in NOT_ACCEPTED or (not word and status in (401, 403)):
        return ChatAuthError(f"Slack does not accept the token ({word or status}).")
    if word in UNREACHABLE or word.startswith("restricted_action"):
        return NotReachableError(reason=word)
    if word in NOT_TAKEN:
        return ChatBusyError()
    if not word or word in PERHAPS_TAKEN or status >= 500:
        return _unsure(repeatable)
    return BugError(f"Slack refused the call: {word}")


def status_of(error: SlackApiError) -> int:
    """The HTTP status; 0 when the answer could not even be read."""
    response: Any = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return status if isinstance(status, int) else 0


def _unsure(repeatable: bool) -> BotError:
    return ChatBusyError("Slack did not answer.") if repeatable else ChatCutError()
