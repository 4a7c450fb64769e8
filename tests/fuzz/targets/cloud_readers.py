"""What the cloud answers, read: any status, headers and body come to the documented value or to an error of our tree, nothing ends
well by garbage, and nothing that cannot be stored or would give a secret away comes out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from bot.adapters.huawei import wire
from bot.adapters.huawei.answers import Answer
from bot.adapters.huawei.refusals import Refusal, read_refusal
from bot.domain.errors import (
    AnswerLostError,
    BotError,
    CloudAuthError,
    CloudBusyError,
    CloudDownError,
    CloudRefusedError,
)
from bot.ports import JobPhase, JobReading, Ticket
from tests.fuzz.draw import Source, exchanged
from tests.fuzz.target import Judge, Target, broken

NOW = datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC)
PROJECT = "0123456789abcdef0123456789abcdef"
SECRET = "FakeSecretForTheFuzzerOnly"
BEGINNINGS_OF_SECRET = tuple(SECRET[:length] for length in range(8, len(SECRET)))
"""What is left of it at the end of a text that was cut."""
CLOUD_ERRORS = (CloudAuthError, CloudBusyError, CloudDownError, CloudRefusedError, AnswerLostError)
Reader = Callable[[Answer], Any]
READERS: Mapping[str, Reader] = {
    "images": lambda answer: wire.read_images(answer, PROJECT),
    "members": wire.read_members,
    "ticket": wire.read_ticket,
    "job": wire.read_job,
    "quota": wire.read_quota,
    "token": lambda answer: wire.read_token(answer, NOW),
}
STATUSES = (
    200,
    200,
    202,
    204,
    301,
    400,
    401,
    403,
    404,
    405,
    408,
    409,
    413,
    429,
    499,
    500,
    502,
    503,
    504,
    599,
    999,
)
HEADERS = (
    "retry-after", "date", "x-request-id", "x-iam-trace-id", "x-subject-token", "content-type", "content-length", "location",
)  # fmt: skip
HEADER_VALUES = (
    "", "0", "5", "-1", "1.5", "9" * 40, "٣", "soon", "Thu, 15 Jan 2026 10:11:12 GMT", "Thu, 15 Jan 2026 10:11:42 GMT",
    "Thu, 15 Jan 2026 10:11:12", "Thu, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "\x00", "é", SECRET,
    "Thu, 15 Jan 2026 10:11:12 +9999", "Thu, 15 Jan 2026 10:11:12 +99999999", "Thu, 99 Jan 99999999 99:99:99 GMT",
    "Thu, 15 Jan 2026 10:11:12 +99999999999999999999",
)  # fmt: skip
_JOB = "ff8080814dbd65d7014dbe0d84db0013"
_IMAGE = "d164b5df-1bc3-4c3f-893e-3e471fd16e64"
BODIES: tuple[Any, ...] = (
    {"status": "SUCCESS", "entities": {"results": [{"image_id": _IMAGE, "status": "SUCCESS"}]}},
    {"status": "FAIL", "error_code": "IMG.0047", "entities": {"sub_jobs_result": [{"entities": {"image_id": _IMAGE}}]}},
    {"status": "RUNNING", "entities": {}},
    {"job_id": _JOB},
    {"images": [{"id": _IMAGE, "name": "base", "owner": PROJECT, "status": "active", "__imagetype": "private", "min_disk": 40,
                 "__image_size": "123", "created_at": "2026-01-01T00:00:00Z", "tags": ["a"], "image_tags": [{"key": "k", "value": "v"}],
                 "__os_type": "Linux", "virtual_env_type": "FusionCompute", "visibility": "private"}]},
    {"members": [{"member_id": PROJECT, "status": "accepted", "member_type": "project"}], "page_info": {"next_marker": "m"}},
    {"members": [], "page_info": [{"next_marker": None}]},
    {"quotas": {"resources": [{"type": "image", "used": 1, "quota": 100, "min": 0, "max": 0}]}},
    {"token": {"expires_at": "2026-01-16T10:11:12.000000Z", "project": {"id": PROJECT}}},
    {"error": {"code": "IMG.0144", "message": SECRET}},
    {"error_code": "APIGW.0308", "error_msg": "policy user over ratelimit,limit:200,time:1 second", "request_id": "r"},
    {"code": 404, "message": "none"},
)  # fmt: skip
WORDS = (
    "SUCCESS", "success ", "Success\u0000", "succeeded", "FAIL", "INIT", "IMG.0061", "APIG.0308", "APIGW.0101", SECRET, "m", _IMAGE,
    "x" * 480 + SECRET, "<b>" + "y " * 90 + SECRET, "z" * 45 + SECRET,
)  # fmt: skip


def judge_of(
    readers: Mapping[str, Reader] = READERS, refusal: Callable[..., Refusal] = read_refusal
) -> Judge:
    """The judge of the readers, each called with the answer to its call, and of the reader of refusals."""

    def judge(data: bytes) -> None:
        source = Source(data)
        name = source.choose(tuple(readers))
        answer = answer_from(source)
        if answer.ok:
            _read(name, readers[name], answer)
        else:
            _refused(name, refusal(answer, write=name == "ticket", hide=(SECRET,)), answer)
        check_text(answer.request_id, answer.text())

    return judge


def answer_from(source: Source) -> Answer:
    """An answer: drawn status and headers, and a body that is a known one with some pieces exchanged, or what is left."""
    status = source.choose(STATUSES)
    headers = {source.choose(HEADERS): _header(source) for _ in range(source.byte() % 4)}
    if source.flag():
        return Answer(status=status, headers=headers, body=source.rest())
    body = source.choose(BODIES)
    for _ in range(1 + source.byte() % 4):
        body = exchanged(body, source, WORDS)
    said = json.dumps(body)
    return Answer(
        status=status, headers=headers, body=said.encode() + (source.chunk(8) if source.byte() == 7 else b"")
    )


def _header(source: Source) -> str:
    return source.choose(HEADER_VALUES) if source.flag() else source.chunk(30).decode("latin-1")


def _read(name: str, reader: Reader, answer: Answer) -> None:
    try:
        found = reader(answer)
    except CLOUD_ERRORS as error:
        check_error(error)
        if name == "ticket" and not isinstance(error, AnswerLostError):
            broken(f"the cloud took the call and {type(error).__name__} says that it surely did not: {error}")
        return
    # A token is never stored or shown, and no HTTP header can carry what could not be.
    check_text(*strings_of(found.project_id if isinstance(found, wire.Token) else found))
    if isinstance(found, JobReading):
        check_ending(found, answer.body)
    if isinstance(found, Ticket) and json.loads(answer.body).get("job_id") != found.job_id:
        broken(f"the ticket is of job {found.job_id!r}, which the cloud did not name")


def _refused(name: str, refusal: Refusal, answer: Answer) -> None:
    error: BotError = refusal.error()
    if not isinstance(error, CLOUD_ERRORS):
        broken(f"HTTP {answer.status} comes to {type(error).__name__}")
    check_error(error)
    unsure = answer.status >= 500 or answer.status in (408, *range(300, 400))
    if name == "ticket" and unsure and not isinstance(error, AnswerLostError):
        broken(
            f"after HTTP {answer.status} to a write {type(error).__name__} says that it was surely not done"
        )


def check_error(error: BotError) -> None:
    """An error that says something, that can be stored and logged, that keeps our secrets, and that can be waited for."""
    if not error.message.strip():
        broken(f"{type(error).__name__} without a word")
    code = getattr(error, "code", "")
    check_text(error.message, code, getattr(error, "request_id", ""))
    if any(SECRET in said or said.endswith(BEGINNINGS_OF_SECRET) for said in (error.message, code)):
        broken(f"a secret, or much of one, stands in {error.message[-60:]!r}, code {code!r}")
    wait = getattr(error, "retry_after", None)
    if wait is not None and not (math.isfinite(wait) and wait >= 0):
        broken(f"nobody can wait {wait} seconds")


def check_ending(reading: JobReading, body: bytes) -> None:
    """That only a JSON object with a known word ends a job, told by a reading of our own."""
    try:
        said = json.loads(body)["status"].strip().lower()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        said = ""
    if reading.phase is JobPhase.SUCCEEDED and said != "success":
        broken(f"the job is said to have succeeded by {body[:200]!r}")
    if reading.phase is JobPhase.FAILED and said not in ("fail", "failed", "error"):
        broken(f"the job is said to have failed by {body[:200]!r}")


def strings_of(value: Any) -> Iterator[str]:
    """Every text within values of dataclasses, mappings and lists."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings_of(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from strings_of(tuple(value.items()))
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            yield from strings_of(one)


def check_text(*texts: str) -> None:
    """That every database and encoding can hold them."""
    for text in texts:
        if "\x00" in text:
            broken(f"a NUL in {text!r}")
        try:
            text.encode()
        except UnicodeEncodeError:
            broken(f"a lone surrogate in {text!r}")


TARGET = Target(
    name="cloud_readers",
    promise="any answer is the documented value or an error of ours; only a known word ends a job; no secret comes out",
    make=judge_of,
    tokens=(
        *WORDS[:10],
        *HEADER_VALUES[1:7],
        '{"status":',
        '"job_id":',
        '"images":[{"id":',
        '"members":[',
        '"error":{"code":',
    ),
    weight=4,
)
