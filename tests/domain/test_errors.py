"""What an error carries: its facts as fields, and a message that is never empty."""

from __future__ import annotations

import pytest

from bot.domain.errors import (
    BotError,
    BugError,
    CloudAuthError,
    CloudBusyError,
    CloudRefusedError,
    CommandError,
    ConfigError,
    IllegalStepError,
    NotReachableError,
    PolicyError,
    Problem,
    RequesterError,
    TransientError,
)


def _below(branch: type[BotError]) -> list[type[BotError]]:
    """Of this room: a use case may have a private one."""
    kinds = [kind for kind in branch.__subclasses__() if kind.__module__ == branch.__module__]
    return [branch, *(deeper for kind in kinds for deeper in _below(kind))]


def test_an_error_without_a_message_says_the_first_line_of_its_class() -> None:
    """Nobody reads an empty error."""
    assert str(TransientError()) == TransientError().message == "It did not work now; it may work later."
    assert str(BugError("the row is gone")) == BugError("the row is gone").message == "the row is gone"
    assert all((kind.__doc__ or "").strip() for kind in _below(BotError))


def test_a_refusal_of_the_cloud_keeps_status_code_and_request_id() -> None:
    """The edge decides by them, and support asks for the last."""
    refused = CloudRefusedError("no", status=400, code="IMG.0021", request_id="r-1")
    plain = CloudRefusedError("no", status=400)

    assert (refused.message, refused.status, refused.code, refused.request_id) == (
        "no",
        400,
        "IMG.0021",
        "r-1",
    )
    assert (plain.code, plain.request_id) == ("", "")


def test_a_refused_login_is_a_401_unless_it_says_otherwise() -> None:
    """Never retried in a loop: it locks the key."""
    plain, told = CloudAuthError(), CloudAuthError("locked", status=403, code="APIGW.0301", request_id="r")

    assert (plain.status, plain.code, plain.request_id) == (401, "", "")
    assert (told.message, told.status, told.code, told.request_id) == ("locked", 403, "APIGW.0301", "r")


def test_what_time_may_mend_knows_how_long_it_was_asked_to_wait() -> None:
    """None: nobody said."""
    told, plain = CloudBusyError("busy", retry_after=2.5, request_id="r"), CloudBusyError()

    assert (told.message, told.retry_after, told.request_id) == ("busy", 2.5, "r")
    assert (plain.retry_after, plain.request_id) == (None, "")


def test_a_mistake_in_a_command_carries_its_hint_and_the_nearest_word() -> None:
    """They are shown beside the message."""
    told, plain = CommandError("what?", hint="write so", suggestion="share"), CommandError("what?")

    assert (told.message, told.hint, told.suggestion) == ("what?", "write so", "share")
    assert (plain.hint, plain.suggestion) == ("", "")
    assert (NotReachableError().reason, NotReachableError("no", reason="not_in_channel").reason) == (
        "",
        "not_in_channel",
    )
    assert NotReachableError("no").message == "no"


@pytest.mark.parametrize("kind", [ConfigError, PolicyError])
def test_all_problems_are_told_at_once_each_with_its_place(kind: type[ConfigError | PolicyError]) -> None:
    """Whoever mends a file mends it once."""
    problems = (
        Problem(where="p.yml:3:1", what="no such key", instead="did you mean rules"),
        Problem(where="A", what="missing"),
    )

    caught = kind(problems)

    assert caught.problems == problems
    assert str(caught) == "p.yml:3:1: no such key (did you mean rules)\nA: missing"


def test_an_illegal_step_names_state_and_event() -> None:
    """In its fields and in its message."""
    step = IllegalStepError(state="done", event="claimed")

    assert (step.state, step.event) == ("done", "claimed")
    assert str(step) == "nothing may happen by 'claimed' in state 'done'"


def test_each_branch_says_who_can_mend_it() -> None:
    """The edge catches branches: an error in the wrong one is shown to the wrong person."""
    assert [kind.__name__ for kind in _below(RequesterError)[1:]] == [
        "CommandError", "CloudRefusedError", "NotReachableError",
    ]  # fmt: skip
    transient = {kind.__name__ for kind in _below(TransientError)[1:]}
    assert transient >= {
        "CloudBusyError",
        "CloudDownError",
        "AnswerLostError",
        "ChatBusyError",
        "ChatCutError",
        "StoreBusyError",
    }
