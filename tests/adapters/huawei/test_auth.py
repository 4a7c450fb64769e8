"""Proving who we are, and never insisting."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.adapters.huawei.settings import Timeouts
from bot.domain.errors import CloudAuthError, CloudBusyError, CloudDownError
from bot.domain.model import Action
from tests.adapters.huawei.conftest import PROJECT, SECRETS, WHO, Made
from tests.adapters.huawei.scripted import Cut, Hang, Reply, ScriptedServer, Step, says
from tests.adapters.huawei.test_client import IMAGE, MEMBERS, QUOTA, TAKEN, TARGET

REJECTED = says(
    {"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information"}, status=401
)
ISSUE = "POST /v3/auth/tokens?nocatalog=true"


def token(value: str = "TOKENVALUE", expires_at: str = "2026-01-16T10:11:12.855000Z") -> Reply:
    body = {"token": {"expires_at": expires_at, "project": {"id": PROJECT, "name": "eu-west-101"}}}
    return says(body, status=201, X_Subject_Token=value)


def issued(server: ScriptedServer) -> int:
    return server.targets().count(ISSUE)


# -- access keys ---------------------------------------------------------------------------------------


async def test_every_call_is_signed_with_its_project(make: Made, server: ScriptedServer) -> None:
    """Without the project the gateway cannot tell which of the account's is meant."""
    server.then(QUOTA)

    await make().check()

    headers = server.received[0].headers
    assert headers["authorization"].startswith(
        "SDK-HMAC-SHA256 Access=ACCESSKEY, "
        "SignedHeaders=host;x-project-id;x-sdk-date;x-security-token, Signature="
    )
    assert (headers["x-project-id"], headers["x-sdk-date"]) == (PROJECT, "20260115T101112Z")
    assert headers["x-security-token"] == "SECURITYTOKEN"


async def test_a_refused_key_is_left_alone_for_the_cool_down(make: Made, server: ScriptedServer) -> None:
    """More than five failures in a row lock the key, for every program that uses it."""
    server.always = REJECTED
    cloud = make(reads_retry=2)

    for _ in range(10):
        with pytest.raises(CloudAuthError):
            await cloud.members(IMAGE)

    assert len(server.received) == 1


async def test_after_the_cool_down_the_key_is_tried_once_more(make: Made, server: ScriptedServer) -> None:
    """Somebody may have mended it meanwhile, and nobody wants to restart the bot."""
    server.then(REJECTED, REJECTED, says(MEMBERS))
    cloud = make()
    received = []
    for _ in range(2):
        for _ in range(3):
            with pytest.raises(CloudAuthError):
                await cloud.members(IMAGE)
        received.append(len(server.received))
        make.clock.at += timedelta(minutes=6)

    assert len(await cloud.members(IMAGE)) == 1
    assert received == [1, 2]


async def test_many_calls_at_once_with_a_wrong_key_are_one_failure(
    make: Made, server: ScriptedServer
) -> None:
    """At the start the bot makes several at the same time."""
    server.always = REJECTED
    cloud = make()

    outcomes = await asyncio.gather(*(cloud.members(IMAGE) for _ in range(12)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {CloudAuthError}
    assert len(server.received) == 1


async def test_once_proven_calls_run_side_by_side(make: Made, server: ScriptedServer) -> None:
    """One by one would make the poller slow for ever."""
    server.then(QUOTA, Hang(), QUOTA)
    cloud = make(timeouts=Timeouts(read=5.0))
    await cloud.check()

    hanging = asyncio.create_task(cloud.members(IMAGE))
    while len(server.received) < 2:
        await asyncio.sleep(0.005)
    await cloud.check()

    assert not hanging.done()
    hanging.cancel()


async def test_the_reminder_says_when_the_bot_asks_again(make: Made, server: ScriptedServer) -> None:
    """The operator has mended the key and wonders why nothing happens."""
    server.always = REJECTED
    cloud = make()
    with pytest.raises(CloudAuthError):
        await cloud.check()

    with pytest.raises(CloudAuthError, match="asks again after 10:17 UTC") as remembered:
        await cloud.check()

    assert (remembered.value.code, remembered.value.status) == ("APIGW.0301", 401)


async def test_a_clock_that_is_off_is_named(make: Made, server: ScriptedServer) -> None:
    """It is the commonest reason for a refused signature, and the gateway does not say it."""
    server.then(Reply(status=401, headers={"Date": "Thu, 15 Jan 2026 10:41:12 GMT"}))

    with pytest.raises(CloudAuthError, match="clock is 30 minutes off"):
        await make().check()


async def test_a_date_that_is_none_does_not_hide_the_refusal(make: Made, server: ScriptedServer) -> None:
    """Python raises OverflowError for such a zone; the operator must hear of the key all the same."""
    server.then(Reply(status=401, headers={"Date": "Thu, 15 Jan 2026 10:41:12 +99999999999999"}))

    with pytest.raises(CloudAuthError):
        await make().check()


# -- tokens --------------------------------------------------------------------------------------------


async def test_a_token_is_asked_for_once_and_goes_with_every_call(make: Made, server: ScriptedServer) -> None:
    """A token a call would soon be throttled."""
    server.then(token(), says(MEMBERS), says(MEMBERS))
    cloud = make(WHO)

    await cloud.members(IMAGE)
    await cloud.members(IMAGE)

    assert issued(server) == 1
    assert [one.headers.get("x-auth-token") for one in server.received] == [None, "TOKENVALUE", "TOKENVALUE"]
    assert server.targets()[1].startswith(f"GET /v1/{PROJECT}/")


async def test_however_many_calls_need_a_token_one_asks(make: Made, server: ScriptedServer) -> None:
    """After a night without requests all wake at once."""
    server.then(token(), says(MEMBERS), token("NEWTOKEN"))
    server.always = says(MEMBERS)
    cloud = make(WHO)
    await cloud.members(IMAGE)
    make.clock.at += timedelta(hours=23, minutes=55)

    await asyncio.gather(*(cloud.members(IMAGE) for _ in range(8)))

    assert issued(server) == 2
    assert {one.headers.get("x-auth-token") for one in server.received[3:]} == {"NEWTOKEN"}


async def test_a_token_is_renewed_before_it_ends(make: Made, server: ScriptedServer) -> None:
    """One that ends under way makes a call fail that was right."""
    server.then(token(), says(MEMBERS), says(MEMBERS), token("NEWTOKEN"), says(MEMBERS))
    cloud = make(WHO)
    await cloud.members(IMAGE)
    make.clock.at += timedelta(hours=23, minutes=45)
    await cloud.members(IMAGE)
    assert issued(server) == 1

    make.clock.at += timedelta(minutes=6)
    await cloud.members(IMAGE)

    assert issued(server) == 2


@pytest.mark.parametrize("code", ["APIGW.0301", "APIGW.0307"])
async def test_a_call_whose_token_was_withdrawn_is_made_again_once(
    make: Made, server: ScriptedServer, code: str
) -> None:
    """A change of the user's rights ends its tokens at once; a 401 was surely not carried out."""
    expired = says({"error_code": code, "error_msg": "token expires"}, status=401)
    server.then(token(), expired, token("NEWTOKEN"), TAKEN)

    ticket = await make(WHO).submit(Action.SHARE, [IMAGE], [TARGET])

    assert ticket.job_id
    assert server.received[-1].headers["x-auth-token"] == "NEWTOKEN"
    assert len(server.received) == 4


async def test_a_401_after_renewal_is_the_end(make: Made, server: ScriptedServer) -> None:
    """A loop of renewals locks the user and helps nobody."""
    server.then(token(), REJECTED, token("NEWTOKEN"), REJECTED)
    cloud = make(WHO, reads_retry=2)

    for _ in range(5):
        with pytest.raises(CloudAuthError):
            await cloud.members(IMAGE)

    assert len(server.received) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_wrong_password_is_tried_once(make: Made, server: ScriptedServer, status: int) -> None:
    """Wrong passwords lock the user."""
    server.always = says({"error": {"code": status, "message": "no", "title": "No"}}, status=status)
    cloud = make(WHO, reads_retry=2)

    outcomes = await asyncio.gather(*(cloud.members(IMAGE) for _ in range(8)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {CloudAuthError}
    assert server.targets() == [ISSUE]


@pytest.mark.parametrize(
    "step", [Cut(), Hang(), Reply(status=500), Reply(status=429)], ids=lambda step: type(step).__name__
)
async def test_an_identity_service_in_trouble_leaves_a_write_unsent(
    make: Made, server: ScriptedServer, step: Step
) -> None:
    """Nothing is in doubt as long as the call itself was not sent."""
    server.then(step)

    with pytest.raises(CloudBusyError):
        await make(WHO, project_id=PROJECT).submit(Action.SHARE, [IMAGE], [TARGET])

    assert server.targets() == [ISSUE]


async def test_an_identity_service_out_of_reach_is_a_cloud_that_is_down(make: Made) -> None:
    """The first call after the network went away."""
    with pytest.raises(CloudDownError):
        await make(WHO, iam_endpoint="http://127.0.0.1:9").check()


async def test_an_unreadable_time_of_expiry_does_not_stop_the_bot(make: Made, server: ScriptedServer) -> None:
    """It then counts as an hour."""
    server.then(token(expires_at="at noon"), says(MEMBERS), says(MEMBERS), token("NEWTOKEN"), says(MEMBERS))
    cloud = make(WHO)
    for minutes in (0, 50, 10):
        make.clock.at += timedelta(minutes=minutes)
        await cloud.members(IMAGE)

    assert issued(server) == 2


async def test_a_token_that_names_no_project_needs_one_configured(make: Made, server: ScriptedServer) -> None:
    """The paths of the calls need it."""
    server.then(says({"token": {}}, status=201, X_Subject_Token="TOKENVALUE"))

    with pytest.raises(CloudAuthError, match="OS_PROJECT_ID"):
        await make(WHO).members(IMAGE)


async def test_neither_password_nor_token_is_shown_by_an_error(make: Made, server: ScriptedServer) -> None:
    """Errors go into chats and logs."""
    said = says({"error_code": "IAM.1", "error_msg": "hunter2-password is wrong"}, status=401)
    server.then(said)
    cloud = make(WHO)

    with pytest.raises(CloudAuthError) as refused:
        await cloud.check()

    shown = f"{refused.value} {refused.value!r} {refused.value.__dict__} {cloud!r}"
    assert not any(secret in shown for secret in SECRETS)
