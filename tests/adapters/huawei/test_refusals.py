"""Every shape an error was seen in, and what it lets us conclude."""

from __future__ import annotations

import json
from typing import Any

import pytest
from huaweicloudsdkcore.exceptions.exception_handler import DefaultExceptionHandler
from huaweicloudsdkcore.exceptions.exceptions import SdkError

from bot.adapters.huawei.answers import Answer
from bot.adapters.huawei.codes import CODES, Kind, explain, normal
from bot.adapters.huawei.refusals import read_refusal
from bot.domain.errors import AnswerLostError, CloudAuthError, CloudBusyError, CloudRefusedError

SHAPES = [
    ({"error": {"code": "IMG.0024", "message": "bad image"}}, "IMG.0024", "bad image"),
    (
        {"error_code": "APIGW.0301", "error_msg": "bad image", "request_id": "req-9"},
        "APIGW.0301",
        "bad image",
    ),
    ({"error_code": "APIG.0301", "error_msg": "bad image"}, "APIG.0301", "bad image"),
    ({"errorCode": "IMG.0024", "errorMsg": "bad image"}, "IMG.0024", "bad image"),
    ({"code": "IMG.0024", "message": "bad image"}, "IMG.0024", "bad image"),
    (
        {"error": {"code": 401, "message": "bad image", "title": "Unauthorized"}},
        "401",
        "bad image",
    ),
    ({"outer": {"inner": {"error_code": "IMG.1", "error_msg": "bad image"}}}, "IMG.1", "bad image"),
    (
        {"error_code": "IAM.0011", "error_msg": "bad image", "encoded_authorization_message": "xyz"},
        "IAM.0011",
        "bad image",
    ),
]


def answer(body: Any, status: int = 400, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, body=data, headers=headers)


@pytest.mark.parametrize(("body", "code", "said"), SHAPES)
def test_every_shape_of_an_error_body_is_read(body: dict[str, Any], code: str, said: str) -> None:
    """Gateway, IMS and IAM each have their own, and support asks for the code."""
    refusal = read_refusal(answer(body), write=False)

    assert (refusal.code, refusal.said) == (code, said)


@pytest.mark.parametrize(("body", "code", "said"), [s for s in SHAPES if s[1] != "401"])
def test_the_vendors_own_library_reads_the_same(body: dict[str, Any], code: str, said: str) -> None:
    """Where it reads a shape, we must not read something else."""
    theirs = SdkError()
    DefaultExceptionHandler()._process_sdk_error(theirs, body)

    assert (theirs.error_code, theirs.error_msg) == (code, said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
        (b"<h1>Please <b>sign in</b></h1>", "Please sign in"),
        (b"", ""),
        (b"[1, 2]", "[1, 2]"),
        (b"\xff\xfe nonsense \x00", "\ufffd\ufffd nonsense \ufffd"),
        (b"[" * 100_000, "[" * 200),
        (b"null", "null"),
        (b'{"error": "plain words"}', '{"error": "plain words"}'),
        (b'{"error_code": {"a": 1}, "error_msg": 7}', '{"error_code": {"a": 1}, "error_msg": 7}'),
    ],
)
def test_a_body_that_is_no_error_body_is_kept_as_words(body: bytes, said: str) -> None:
    """Proxies answer too, and a stack trace instead of their words helps nobody."""
    refusal = read_refusal(answer(body, status=403), write=False)

    assert (refusal.kind, refusal.said) == (Kind.REFUSED, said)


@pytest.mark.parametrize(
    ("status", "code", "for_read", "for_write"),
    [
        (400, "IMG.0067", CloudRefusedError, CloudRefusedError),
        (400, "IMG.9999", CloudRefusedError, CloudRefusedError),
        (400, "IMG.0060", CloudBusyError, CloudBusyError),
        (400, "IMG.0087", CloudAuthError, CloudAuthError),
        (400, "IMG.0030", CloudAuthError, CloudAuthError),
        (400, "IMG.0018", CloudBusyError, AnswerLostError),
        (400, "IMG.0061", CloudBusyError, AnswerLostError),
        (400, "IMG.0112", CloudBusyError, AnswerLostError),
        (400, "IMG.0065", CloudBusyError, CloudBusyError),
        (401, "APIGW.0301", CloudAuthError, CloudAuthError),
        (401, "", CloudAuthError, CloudAuthError),
        (403, "IMG.0026", CloudRefusedError, CloudRefusedError),
        (403, "APIG.0302", CloudRefusedError, CloudRefusedError),
        (404, "APIGW.0101", CloudRefusedError, CloudRefusedError),
        (404, "IMG.0023", CloudRefusedError, CloudBusyError),
        (404, "", CloudRefusedError, CloudRefusedError),
        (408, "", CloudBusyError, AnswerLostError),
        (413, "APIGW.0201", CloudRefusedError, CloudRefusedError),
        (429, "APIGW.0308", CloudBusyError, CloudBusyError),
        (429, "", CloudBusyError, CloudBusyError),
        (500, "IMG.0061", CloudBusyError, AnswerLostError),
        (502, "APIGW.0202", CloudBusyError, AnswerLostError),
        (503, "APIGW.0613", CloudBusyError, AnswerLostError),
        (504, "APIGW.0203", CloudBusyError, AnswerLostError),
        (599, "IMG.0047", CloudBusyError, AnswerLostError),
        (302, "", CloudRefusedError, AnswerLostError),
    ],
)
def test_what_a_refusal_lets_us_conclude(
    status: int, code: str, for_read: type[Exception], for_write: type[Exception]
) -> None:
    """A write counts as undone only where nothing else is possible: otherwise it would be done twice."""
    body = answer({"error_code": code, "error_msg": "words"}, status=status)

    assert type(read_refusal(body, write=False).error()) is for_read
    assert type(read_refusal(body, write=True).error()) is for_write


@pytest.mark.parametrize(
    ("headers", "said", "seconds"),
    [
        ({"retry-after": "7"}, "limit:1,time:1 minute", 7.0),
        ({}, "policy user over ratelimit,limit:200,time:1 second", 1.0),
        ({}, "policy user over ratelimit,limit:200,time:2 minutes", 120.0),
        ({}, "over ratelimit, time: hour", 3600.0),
        (
            {"retry-after": "Thu, 15 Jan 2026 10:00:30 GMT", "date": "Thu, 15 Jan 2026 10:00:00 GMT"},
            "",
            30.0,
        ),
        ({"retry-after": "soon"}, "too much", None),
        ({"retry-after": "-5"}, "too much", None),
        ({"retry-after": "Thu, 15 Jan 2026 10:00:30 +99999999999999"}, "too much", None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": "9 Jan 1 0:0:0 +99999999999999"}, "", None),
        ({}, "", None),
    ],
)
def test_how_long_to_wait_is_read_from_wherever_it_stands(
    headers: dict[str, str], said: str, seconds: float | None
) -> None:
    """The vendor documents no Retry-After, yet its message names the unit."""
    body = answer({"error_code": "APIGW.0308", "error_msg": said}, status=429, **headers)

    assert read_refusal(body, write=True).retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "body", "found"),
    [
        ({"x-request-id": "one"}, {"request_id": "two"}, "one"),
        ({"x-iam-trace-id": "trace"}, {}, "trace"),
        ({}, {"request_id": "two"}, "two"),
        ({}, {}, ""),
    ],
)
def test_the_request_id_is_kept(headers: dict[str, str], body: dict[str, str], found: str) -> None:
    """Without it the vendor's support cannot help."""
    error = read_refusal(answer(body, status=400, **headers), write=False).error()

    assert isinstance(error, CloudRefusedError)
    assert error.request_id == found


TOKEN = "TOKEN" + "0123456789" * 200


@pytest.mark.parametrize(
    "said",
    [
        answer({"error_msg": f"no such token {TOKEN}"}, status=403),
        answer({"error": {"code": TOKEN[:300], "message": "no"}}, status=400),
        Answer(status=502, body=f"<p>token {TOKEN}".encode()),
        answer({"error_msg": "x" * 495 + TOKEN}, status=403),
    ],
)
def test_the_beginning_of_a_long_secret_is_not_told_either(said: Answer) -> None:
    """A token has thousands of characters and the cloud's words are cut: what is left of it is no longer the secret whole."""
    refusal = read_refusal(said, write=False, hide=(TOKEN,))

    assert "TOKEN" not in refusal.said + refusal.code
    assert "…" in refusal.said + refusal.code


def test_every_code_has_a_sentence_for_people() -> None:
    """A requester reads the words, not the code."""
    for code, meaning in CODES.items():
        assert normal(code) == code
        assert meaning.words.endswith("."), code
        assert meaning.words[0].isupper(), code


def test_an_unknown_code_is_explained_by_its_status_and_the_clouds_words() -> None:
    """New codes appear; a person must still get a reason."""
    assert explain("IMG.9999", "the moon is full", 400) == (
        "The cloud did not understand the call. It said: the moon is full"
    )
    assert explain("", "", 418) == "The cloud answered with HTTP 418."
