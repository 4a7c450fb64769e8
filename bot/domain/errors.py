"""Every error of the bot, in four branches by who can mend it. The branch decides what the edge does.

BotError
├── RequesterError           the person who asked can mend it: answered privately, nothing retried
│   ├── CommandError         the typed text cannot be understood
│   ├── CloudRefusedError    the cloud understood the call and said no
│   └── NotReachableError    the bot cannot post where it was asked to (invite it)
├── OperatorError            whoever runs the bot must mend it: logged loudly, shown by `imagebot check`
│   ├── ConfigError          settings missing or wrong; carries all problems at once
│   ├── PolicyError          the policy file is wrong; carries all problems at once, each with its line
│   ├── CloudAuthError       the cloud does not accept our credentials (never retried in a loop: it locks the key)
│   ├── ChatAuthError        Slack does not accept our token
│   └── StoreBrokenError     the database cannot be used: disk full, read-only, not ours
├── TransientError           time may mend it: the row gets a later due time
│   ├── CloudBusyError       throttled or unavailable, and surely not carried out
│   ├── CloudDownError       no connection was made; nothing was sent
│   ├── AnswerLostError      sent, but no answer: it may or may not have happened
│   ├── ChatBusyError        Slack says wait
│   ├── ChatCutError         the message was sent, but no answer: it may or may not stand there
│   └── StoreBusyError       the database is locked by somebody else
└── BugError                 must not happen: logged with a reference number
    ├── IllegalStepError     an event that the state table does not allow
    ├── StaleRowError        the row changed since it was read; the whole step is undone and tried again
    └── ClaimLostError       the lease ran out and another worker has the row; the whole step is undone

A class docstring's first line is the default message; facts are keyword fields, never parsed out of a message.
"""

from __future__ import annotations

from dataclasses import dataclass


class BotError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class RequesterError(BotError):
    """The request cannot be carried out as it was asked."""


class CommandError(RequesterError):
    """The command cannot be understood."""

    def __init__(self, message: str, *, hint: str = "", suggestion: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        """What to type instead, in words."""
        self.suggestion = suggestion
        """The nearest right word, when there is one (did you mean)."""


class CloudRefusedError(RequesterError):
    """The cloud refused the call."""

    def __init__(self, message: str, *, status: int, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.request_id = status, code, request_id


class NotReachableError(RequesterError):
    """The bot cannot post there."""

    def __init__(self, message: str | None = None, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """Slack's error word, such as not_in_channel."""


class OperatorError(BotError):
    """The bot's operator has to mend something."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding in a file or in the settings: where it is, what is wrong, what would be right."""

    where: str
    """The setting's name, or file:line:column."""
    what: str
    instead: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.instead})" if self.instead else "")


class _ManyProblemsError(OperatorError):
    """Several things are wrong."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class ConfigError(_ManyProblemsError):
    """The settings are not usable."""


class PolicyError(_ManyProblemsError):
    """The policy file is not usable."""


class CloudAuthError(OperatorError):
    """The cloud does not accept the credentials."""

    def __init__(
        self, message: str | None = None, *, status: int = 401, code: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.request_id = status, code, request_id


class ChatAuthError(OperatorError):
    """Slack does not accept the token."""


class StoreBrokenError(OperatorError):
    """The database cannot be used."""


class TransientError(BotError):
    """It did not work now; it may work later."""

    def __init__(
        self, message: str | None = None, *, retry_after: float | None = None, request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the other side asked us to wait; None when it did not say."""
        self.request_id = request_id


class CloudBusyError(TransientError):
    """The cloud is busy; nothing was carried out."""


class CloudDownError(TransientError):
    """The cloud cannot be reached; nothing was sent."""


class AnswerLostError(TransientError):
    """The call was sent and no answer came; it may have been carried out."""


class ChatBusyError(TransientError):
    """Slack asks the bot to wait."""


class ChatCutError(TransientError):
    """The message was sent to Slack and no answer came; it may stand there."""


class StoreBusyError(TransientError):
    """The database is locked by another process."""


class BugError(BotError):
    """This must not happen."""


class IllegalStepError(BugError):
    """The state table does not allow this step."""

    def __init__(self, *, state: str, event: str) -> None:
        super().__init__(f"nothing may happen by {event!r} in state {state!r}")
        self.state, self.event = state, event


class StaleRowError(BugError):
    """The row changed since it was read."""


class ClaimLostError(BugError):
    """Another worker holds this row now."""
