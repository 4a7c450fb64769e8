"""What the adapter makes of every way a call can go: one ordered answer, one known outcome."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.adapters.huawei.client import HuaweiCloud
from bot.adapters.huawei.settings import Timeouts
from bot.domain.errors import (
    AnswerLostError,
    BotError,
    CloudAuthError,
    CloudBusyError,
    CloudDownError,
    CloudRefusedError,
    TransientError,
)
from bot.domain.model import Action, ImageId, ProjectId
from bot.ports import JobPhase
from tests.adapters.huawei.conftest import PROJECT, SECRETS, Made
from tests.adapters.huawei.scripted import Cut, Garbage, Hang, Reply, ScriptedServer, Step, says

IMAGE = ImageId("d164b5df-1bc3-4c3f-893e-3e471fd16e64")
TARGET = ProjectId("9c61004714024f9586705d090530f9fa")
JOB = "edc89b490d7d4392898e19b2deb34797"
MEMBERS = {"members": [{"member_id": TARGET, "status": "accepted"}]}
TAKEN = says({"job_id": JOB}, x_request_id="req-1")
BUSY_NOW = says({"error_code": "APIGW.0308", "error_msg": "limit:1,time:1 second"}, status=429)
NO_SUCH_CALL = says({"error_code": "APIGW.0101", "error_msg": "not published"}, status=404)
QUOTA = says({"quotas": {"resources": [{"type": "image", "used": 3, "quota": 100}]}})


def refused(status: int, code: str, **headers: str) -> Reply:
    return says({"error": {"code": code, "message": "words of the cloud"}}, status=status, **headers)


async def share(cloud: HuaweiCloud, action: Action = Action.SHARE) -> str:
    return (await cloud.submit(action, [IMAGE], [TARGET])).job_id


# -- writes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize(
    ("step", "error"),
    [
        (refused(400, "IMG.0066"), CloudRefusedError),
        (refused(403, "IMG.0026"), CloudRefusedError),
        (refused(404, "IMG.0027"), CloudRefusedError),
        (Reply(status=403, body=b"<html>WAF</html>"), CloudRefusedError),
        (refused(401, "APIGW.0301"), CloudAuthError),
        (BUSY_NOW, CloudBusyError),
        (refused(400, "IMG.0060"), CloudBusyError),
        (refused(500, "IMG.0061"), AnswerLostError),
        (refused(503, "APIGW.0613"), AnswerLostError),
        (Reply(status=502, body=b"<html>Bad Gateway</html>"), AnswerLostError),
        (Reply(status=504), AnswerLostError),
        (Reply(status=200), AnswerLostError),
        (Reply(status=204), AnswerLostError),
        (Reply(status=200, body=b"<html>sign in</html>"), AnswerLostError),
        (Reply(status=200, body=b"[]"), AnswerLostError),
        (Reply(status=302, headers={"Location": "/elsewhere"}), AnswerLostError),
        (Reply(status=200, body=b'{"job_id', promised=50), AnswerLostError),
        (Cut(), AnswerLostError),
        (Hang(), AnswerLostError),
        (Garbage(), AnswerLostError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
async def test_a_batch_call_is_sent_once_whatever_comes_back(
    make: Made, server: ScriptedServer, action: Action, step: Step, error: type[Exception]
) -> None:
    """A share that is sent twice may be done twice; one that may have happened must say so."""
    server.then(step, TAKEN)

    with pytest.raises(error) as raised:
        await share(make(reads_retry=2), action)

    assert type(raised.value) is error
    assert len(server.received) == 1


@pytest.mark.parametrize("action", list(Action))
async def test_a_cut_after_an_earlier_call_does_not_repeat_a_write(
    make: Made, server: ScriptedServer, action: Action
) -> None:
    """HTTP libraries like to send again what went wrong on a kept connection, above all a DELETE."""
    cloud = make()
    server.then(says(MEMBERS), TAKEN, Cut(), TAKEN)
    await cloud.members(IMAGE)
    await share(cloud, action)

    with pytest.raises(AnswerLostError):
        await share(cloud, action)

    assert len(server.received) == 3


async def test_a_ticket_has_the_job_and_the_request_id(make: Made, server: ScriptedServer) -> None:
    """Both go into the audit log, and the vendor's support asks for the second."""
    server.then(TAKEN)

    ticket = await make().submit(Action.SHARE, [IMAGE], [TARGET])

    assert (ticket.job_id, ticket.request_id) == (JOB, "req-1")
    assert server.targets() == ["POST /v1/cloudimages/members"]
    assert server.bodies() == [{"images": [IMAGE], "projects": [TARGET]}]


async def test_unsharing_is_a_delete_with_a_body(make: Made, server: ScriptedServer) -> None:
    """Some clients and proxies drop it, and then nothing is named."""
    server.then(TAKEN)

    await share(make(), Action.UNSHARE)

    assert server.targets() == ["DELETE /v1/cloudimages/members"]
    assert server.bodies() == [{"images": [IMAGE], "projects": [TARGET]}]
    assert server.received[0].headers["content-type"] == "application/json"


async def test_a_refusal_carries_code_status_request_id_and_words(make: Made, server: ScriptedServer) -> None:
    """Everything a person needs to go on."""
    server.then(refused(400, "IMG.0067", x_request_id="req-7"))

    with pytest.raises(CloudRefusedError) as no:
        await share(make())

    assert (no.value.code, no.value.status, no.value.request_id) == ("IMG.0067", 400, "req-7")
    assert no.value.message.startswith("There is no such project in this region")


async def test_nothing_was_sent_when_nobody_listens(make: Made) -> None:
    """Surely not done: it may be tried again without reading the member list."""
    cloud = make(endpoint="http://127.0.0.1:9")

    with pytest.raises(CloudDownError):
        await share(cloud)


async def test_a_name_that_does_not_resolve_is_a_cloud_that_is_down(make: Made) -> None:
    """DNS goes away with the network."""
    cloud = make(endpoint="https://ims.invalid")

    with pytest.raises(CloudDownError):
        await share(cloud)


async def test_a_server_without_a_valid_certificate_gets_nothing(make: Made, server: ScriptedServer) -> None:
    """Neither a key's signature nor a password may reach an impostor."""
    cloud = make(endpoint=server.url.replace("http://", "https://"))

    with pytest.raises(CloudDownError):
        await share(cloud)

    assert server.received == []


async def test_a_throttle_holds_back_the_next_call(make: Made, server: ScriptedServer) -> None:
    """A call made while throttled is refused and makes the window longer."""
    server.then(says({"error_code": "APIGW.0308"}, status=429, Retry_After="30"), TAKEN)
    cloud = make()

    with pytest.raises(CloudBusyError) as first:
        await share(cloud)
    with pytest.raises(CloudBusyError) as second:
        await share(cloud)

    assert first.value.retry_after == 30.0
    assert second.value.retry_after == pytest.approx(30.0, abs=1.0)
    assert len(server.received) == 1


async def test_a_call_that_gets_no_turn_in_time_was_not_sent(make: Made, server: ScriptedServer) -> None:
    """A worker must know before its lease runs out."""
    cloud = make(timeouts=Timeouts(wait=0.3))
    make.budget.throttled(0.2)
    waiting = asyncio.create_task(share(cloud))
    await asyncio.sleep(0)

    make.budget.throttled(600.0)
    with pytest.raises(CloudBusyError, match="nothing was sent"):
        await waiting

    assert server.received == []


# -- reads ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        BUSY_NOW,
        refused(500, "IMG.0061"),
        Reply(status=503),
        Reply(),
        Reply(body=b"<html>"),
        Cut(),
        Hang(),
        Garbage(),
    ],
    ids=lambda step: type(step).__name__,
)
async def test_a_read_outlives_one_bad_answer(make: Made, server: ScriptedServer, step: Step) -> None:
    """One blip must not make the bot believe that nobody has the image."""
    server.then(step, says(MEMBERS))

    listed = await make(reads_retry=2).members(IMAGE)

    assert [member.project for member in listed] == [TARGET]
    assert len(server.received) == 2


@pytest.mark.parametrize(
    "step", [refused(500, "IMG.0061"), Cut(), Reply(body=b"[]")], ids=lambda step: type(step).__name__
)
async def test_a_read_gives_up_after_the_set_number_of_repetitions(
    make: Made, server: ScriptedServer, step: Step
) -> None:
    """Repeating for ever would hold the worker and spend the budget."""
    server.always = step

    with pytest.raises(CloudBusyError):
        await make(reads_retry=2).members(IMAGE)

    assert len(server.received) == 3


@pytest.mark.parametrize(
    "step", [refused(400, "IMG.0027"), refused(403, "IMG.0026"), refused(404, "IMG.0027")]
)
async def test_a_refused_read_is_not_repeated(make: Made, server: ScriptedServer, step: Step) -> None:
    """It would be refused again."""
    server.always = step

    with pytest.raises(CloudRefusedError):
        await make(reads_retry=2).members(IMAGE)

    assert len(server.received) == 1


async def test_a_read_without_a_network_says_so(make: Made) -> None:
    """The operator looks for the cable, not for the cloud."""
    with pytest.raises(CloudDownError):
        await make(endpoint="http://127.0.0.1:9", reads_retry=1).members(IMAGE)


async def test_an_answer_without_end_is_not_taken_in(make: Made, server: ScriptedServer) -> None:
    """A broken proxy must not eat the bot's memory."""
    server.always = Reply(body=b" " * 200_000 + json.dumps(MEMBERS).encode())

    with pytest.raises(CloudBusyError, match="longer"):
        await make(max_answer_bytes=100_000).members(IMAGE)


@pytest.mark.parametrize("step", [Reply(body=b"x" * 200_000), Reply(status=500, body=b"x" * 200_000)])
async def test_a_write_with_a_huge_answer_may_have_happened(
    make: Made, server: ScriptedServer, step: Step
) -> None:
    """Its meaning is lost with its end."""
    server.then(step)

    with pytest.raises(AnswerLostError):
        await share(make(max_answer_bytes=100_000))


async def test_a_dribbling_answer_ends_with_the_total_time(make: Made, server: ScriptedServer) -> None:
    """Each piece in time is not the whole in time; the worker's lease counts the whole."""
    server.then(Hang())
    cloud = make(timeouts=Timeouts(read=30.0, total=0.3))

    with pytest.raises(AnswerLostError):
        await share(cloud)


async def test_all_pages_of_the_member_list_are_read(make: Made, server: ScriptedServer) -> None:
    """The pair in question may be on the last."""
    pages = [
        {"members": [{"member_id": letter * 32, "status": "accepted"}], "page_info": {"next_marker": marker}}
        for letter, marker in (("a", "m+1="), ("b", "m/2="))
    ]
    server.then(*(says(page) for page in pages), says({"members": [{"member_id": "c" * 32}]}))

    listed = await make().members(IMAGE)

    assert [member.project[0] for member in listed] == ["a", "b", "c"]
    base = f"GET /v1/{PROJECT}/cloudimages/{IMAGE}/members?limit=500"
    assert server.targets() == [base, f"{base}&marker=m%2B1%3D", f"{base}&marker=m%2F2%3D"]


async def test_a_marker_that_leads_in_a_circle_ends_the_list(make: Made, server: ScriptedServer) -> None:
    """The bot must neither hang nor spend the account's budget on it."""
    server.always = says({**MEMBERS, "page_info": {"next_marker": "again"}})

    listed = await make().members(IMAGE)

    assert [member.project for member in listed] == [TARGET]
    assert len(server.received) == 2


async def test_a_search_answered_with_everything_finds_only_what_was_asked(
    make: Made, server: ScriptedServer
) -> None:
    """A cloud that ignores a parameter must not make the bot share the wrong image."""
    images = [
        {"id": IMAGE, "name": "base", "owner": PROJECT},
        {"id": "e" * 32, "name": "other", "owner": PROJECT},
    ]
    server.always = says({"images": images})

    found = await make().find_images(["base", "bas", IMAGE, "0" * 8 + IMAGE[8:]])

    assert {ref: [facts.id for facts in images] for ref, images in found.items()} == {
        "base": [IMAGE],
        "bas": [],
        IMAGE: [IMAGE],
        "0" * 8 + IMAGE[8:]: [],
    }


async def test_a_failed_search_fails_the_whole_look_up(make: Made, server: ScriptedServer) -> None:
    """Half an answer would read as: no such image."""
    server.then(says({"images": []}), refused(403, "IMG.0026"))
    server.always = says({"images": []})

    with pytest.raises(CloudRefusedError):
        await make().find_images(["one", "two", "three"])


async def test_an_image_name_goes_out_exactly_as_it_was_signed(make: Made, server: ScriptedServer) -> None:
    """A library that tidies the address breaks the signature."""
    server.always = says({"images": []})

    await make().find_images(["web 01/é~+%41"])

    assert server.received[0].target == (
        "/v2/cloudimages?enterprise_project_id=all_granted_eps&limit=100&name=web%2001%2F%C3%A9~%2B%2541"
    )


async def test_image_names_are_asked_for_once_in_a_while(make: Made, server: ScriptedServer) -> None:
    """A suggestion is not worth a call each time."""
    server.always = says({"images": [{"id": IMAGE, "name": "base", "owner": PROJECT}]})
    cloud = make()

    names = [await cloud.image_names() for _ in range(3)]

    assert names == [("base",)] * 3
    assert len(server.received) == 1


# -- jobs ----------------------------------------------------------------------------------------------

PRESENT, LEGACY = f"GET /v1/cloudimages/job/{JOB}", f"GET /v1/{PROJECT}/jobs/{JOB}"
RUNNING = says({"job_id": JOB, "status": "RUNNING"})


@pytest.mark.parametrize(
    "missing", [NO_SUCH_CALL, Reply(status=404), refused(404, "IMG.0023"), Reply(status=405)]
)
async def test_the_job_query_that_answers_is_remembered(
    make: Made, server: ScriptedServer, missing: Reply
) -> None:
    """Older clouds have only the deprecated one; asking the wrong one first costs a call each poll."""
    cloud = make()
    server.then(missing, RUNNING, RUNNING)

    first, second = await cloud.job(JOB), await cloud.job(JOB)

    assert (first.phase, second.phase) == (JobPhase.RUNNING, JobPhase.RUNNING)
    assert server.targets() == [PRESENT, LEGACY, LEGACY]


async def test_a_job_that_neither_query_knows_is_absent(make: Made, server: ScriptedServer) -> None:
    """It is not an error: the member list tells what became of it."""
    server.then(refused(404, "IMG.0023"), refused(404, "IMG.0023", x_request_id="req-9"))

    reading = await make().job(JOB)

    assert (reading.phase, reading.request_id) == (JobPhase.ABSENT, "req-9")
    assert server.targets() == [PRESENT, LEGACY]


@pytest.mark.parametrize(("setting", "target"), [("progress", PRESENT), ("legacy", LEGACY)])
async def test_a_fixed_job_query_is_the_only_one(
    make: Made, server: ScriptedServer, setting: str, target: str
) -> None:
    """An operator who knows the cloud has the last word."""
    server.always = Reply(status=404)

    assert (await make(job_endpoint=setting).job(JOB)).phase is JobPhase.ABSENT
    assert server.targets() == [target]


async def test_a_refused_job_query_is_no_lost_job(make: Made, server: ScriptedServer) -> None:
    """Missing rights must not look like a job that vanished."""
    server.then(refused(403, "IMG.0026"))

    with pytest.raises(CloudRefusedError):
        await make().job(JOB)

    assert len(server.received) == 1


# -- the rest ------------------------------------------------------------------------------------------


async def test_the_check_says_where_and_as_whom(make: Made, server: ScriptedServer) -> None:
    """The operator sees at once when it is the wrong region or project."""
    server.then(QUOTA)

    sentence = await make().check()

    for part in (server.url, "eu-west-101", PROJECT, "temporary access key", "3 of 100"):
        assert part in sentence
    assert not any(secret in sentence for secret in SECRETS)


async def test_a_page_that_says_200_is_not_the_cloud(make: Made, server: ScriptedServer) -> None:
    """A captive portal must not make the bot ready."""
    server.then(Reply(body=b"<html>sign in</html>"))

    with pytest.raises(CloudBusyError):
        await make().check()


async def test_redirects_are_not_followed(make: Made, server: ScriptedServer) -> None:
    """A signed call belongs to one address."""
    server.then(Reply(status=307, headers={"Location": "/v1/elsewhere"}))

    with pytest.raises(CloudRefusedError):
        await make().check()

    assert len(server.received) == 1


async def test_cookies_are_not_kept(make: Made, server: ScriptedServer) -> None:
    """Gateways set them, and they would tie calls together that must stand alone."""
    server.then(Reply(body=QUOTA.body, headers={"Set-Cookie": "a=b; Path=/"}), QUOTA)
    cloud = make()

    await cloud.check()
    await cloud.check()

    assert "cookie" not in server.received[1].headers


Deed = Callable[[HuaweiCloud], Awaitable[Any]]
DEEDS: dict[str, Deed] = {
    "find_images": lambda cloud: cloud.find_images(["base"]),
    "image_names": lambda cloud: cloud.image_names(),
    "members": lambda cloud: cloud.members(IMAGE),
    "submit": share,
    "job": lambda cloud: cloud.job(JOB),
    "check": lambda cloud: cloud.check(),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
@pytest.mark.parametrize(
    "step", [Cut(), Hang(), Garbage(), Reply(status=500)], ids=lambda s: type(s).__name__
)
async def test_no_library_error_leaves_the_adapter(
    make: Made, server: ScriptedServer, deed: Deed, step: Step
) -> None:
    """The worker knows the bot's errors only; any other would count as a bug."""
    server.always = step

    with pytest.raises(TransientError):
        await deed(make())


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
async def test_a_cloud_that_repeats_our_secrets_is_not_quoted(
    make: Made, server: ScriptedServer, status: int
) -> None:
    """Error texts go into chats and logs."""
    server.then(says({"error_code": "X.1", "error_msg": "sk SECRETKEY, token SECURITYTOKEN"}, status=status))

    with pytest.raises(BotError) as raised:
        await share(make())

    shown = f"{raised.value} {raised.value!r} {raised.value.__dict__} {raised.value.__cause__!r}"
    assert not any(secret in shown for secret in SECRETS)
