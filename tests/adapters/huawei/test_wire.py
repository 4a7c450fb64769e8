"""How each call is asked and its answer read, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from huaweicloudsdkims.v2 import BatchAddMembersRequestBody, ListImagesRequest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.huawei import wire
from bot.adapters.huawei.answers import Answer
from bot.adapters.huawei.settings import Password
from bot.domain.errors import AnswerLostError, BotError, BugError, CloudAuthError, CloudBusyError
from bot.domain.model import Action, CloudMember, ImageId, ProjectId
from bot.ports import JobPhase

IMAGE = ImageId("d164b5df-1bc3-4c3f-893e-3e471fd16e64")
PROJECT = ProjectId("9c61004714024f9586705d090530f9fa")
OURS = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 1, 15, 10, 11, 12, tzinfo=UTC)


def answer(body: Any, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=200, body=data, headers={n.replace("_", "-"): v for n, v in headers.items()})


@pytest.mark.parametrize(("action", "method"), [(Action.SHARE, "POST"), (Action.UNSHARE, "DELETE")])
def test_a_batch_call_is_the_vendors_example(action: Action, method: str) -> None:
    """The body's two names are all there is to it, and DELETE has the same body."""
    call = wire.submit(action, [IMAGE], [PROJECT])

    assert (call.method, call.path, call.query) == (method, "/v1/cloudimages/members", ())
    assert call.body == (
        b'{"images":["d164b5df-1bc3-4c3f-893e-3e471fd16e64"],"projects":["9c61004714024f9586705d090530f9fa"]}'
    )
    assert set(json.loads(call.body)) <= set(BatchAddMembersRequestBody.attribute_map.values())


def test_a_pair_named_twice_is_sent_once() -> None:
    """The order is kept, the double is not."""
    call = wire.submit(Action.SHARE, [IMAGE, IMAGE], [PROJECT, ProjectId("a" * 32), PROJECT])

    assert json.loads(call.body) == {"images": [IMAGE], "projects": [PROJECT, "a" * 32]}


@pytest.mark.parametrize(("images", "projects"), [([], [PROJECT]), ([IMAGE], [])])
def test_a_batch_call_of_nothing_is_never_made(images: list[ImageId], projects: list[ProjectId]) -> None:
    """What the cloud does with an empty list is not documented."""
    with pytest.raises(BugError):
        wire.submit(Action.UNSHARE, images, projects)


def test_the_parameters_of_a_search_are_ones_the_vendor_knows() -> None:
    """A misspelt parameter is ignored, and then all images are found."""
    names = {name for name, _ in wire.list_images(id="i", name="n", owner="o", marker="m").query}

    assert names == {"id", "name", "owner", "marker", "limit", "enterprise_project_id"}
    assert names <= set(ListImagesRequest.attribute_map.values())


def test_a_search_is_not_limited_to_one_type_or_enterprise_project() -> None:
    """An image that is shared is no longer private, and may be anywhere in the company."""
    query = dict(wire.list_images(name="base").query)

    assert query["enterprise_project_id"] == "all_granted_eps"
    assert "__imagetype" not in query


@pytest.mark.parametrize("job_id", ["..", ".", "a/b", "a?b", "é"])
def test_an_id_cannot_leave_its_place_in_the_path(job_id: str) -> None:
    """Ids come from outside."""
    path = wire.job_progress(job_id).path

    assert path.count("/") == 4
    assert not path.endswith(("/..", "/."))
    assert path.isascii()
    assert "?" not in path


@pytest.mark.parametrize(
    "page_info",
    [
        {"current_count": 1, "next_marker": "MjcwMDA="},
        [{"current_count": 1, "next_marker": "MjcwMDA="}],
        [{"current_count": 1}, {"next_marker": "MjcwMDA="}],
    ],
)
def test_the_marker_is_found_in_both_shapes(page_info: Any) -> None:
    """The vendor's schema and its own example disagree; the SDK loses the marker of one."""
    page = wire.read_members(answer({"members": [{"member_id": PROJECT}], "page_info": page_info}))

    assert page.next == "MjcwMDA="


def test_only_projects_are_members() -> None:
    """Accounts and organizations are no projects; without a type a member is one."""
    members = [
        {"member_id": PROJECT.upper(), "status": "Accepted", "member_type": "project"},
        {"member_id": "a" * 32, "status": "pending"},
        {"member_id": "b" * 32, "status": "accepted", "member_type": "domain"},
        {"member_id": "ou-1", "status": "accepted", "member_type": "organization", "urn": "x"},
        {"status": "accepted"},
        "nonsense",
    ]

    page = wire.read_members(answer({"members": members}))

    assert page.items == (
        CloudMember(project=PROJECT, status="accepted"),
        CloudMember(project=ProjectId("a" * 32), status="pending"),
    )


def test_an_empty_page_ends_the_list_though_it_has_a_marker() -> None:
    """Some gateways always send one."""
    assert wire.read_members(answer({"members": [], "page_info": {"next_marker": "x"}})).next is None


def test_a_full_page_of_images_goes_on_after_its_last_one() -> None:
    """The vendor's marker is the last image's id."""
    images = [{"id": f"{number:08x}-0000-4000-8000-000000000000"} for number in range(wire.IMAGES_A_PAGE)]

    full, partial = (wire.read_images(answer({"images": some}), OURS) for some in (images, images[:-1]))

    assert (full.next, partial.next) == (images[-1]["id"], None)


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("INIT", JobPhase.WAITING),
        ("RUNNING", JobPhase.RUNNING),
        ("SUCCESS", JobPhase.SUCCEEDED),
        ("success", JobPhase.SUCCEEDED),
        ("FAIL", JobPhase.FAILED),
        ("failed", JobPhase.FAILED),
        ("ERROR", JobPhase.FAILED),
        ("PAUSED_BY_MOON", JobPhase.RUNNING),
    ],
)
def test_the_status_of_a_job_is_read_in_any_case(status: str, phase: JobPhase) -> None:
    """The vendor's prose, tables and examples spell it differently; an unknown word ends nothing."""
    reading = wire.read_job(answer({"job_id": "j", "status": status}, x_request_id="r"))

    assert (reading.phase, reading.status, reading.request_id) == (phase, status, "r")


def test_a_bad_result_of_an_image_is_not_hidden_by_a_good_one() -> None:
    """In the form with a result per pair an image comes several times."""
    results = [
        {"image_id": "one", "status": "fail", "project_id": "a"},
        {"image_id": "one", "status": "success", "project_id": "b"},
        {"image_id": "two", "status": "success"},
    ]
    sub_jobs = [{"status": "FAIL", "entities": {"image_id": "three"}}]
    entities = {"results": results, "sub_jobs_result": sub_jobs}

    reading = wire.read_job(answer({"status": "SUCCESS", "entities": entities}))

    assert reading.results == {"one": "fail", "two": "success", "three": "FAIL"}


def test_a_failed_job_is_explained() -> None:
    """The code alone says nothing to the requester."""
    known = {"status": "FAIL", "error_code": "IMG.0098", "fail_reason": "cmk"}
    unknown = {"status": "FAIL", "error_code": None, "entities": {"error_code": "X.1", "error": "the moon"}}

    assert wire.read_job(answer(known)).reason.startswith("An encrypted image cannot be shared")
    reading = wire.read_job(answer(unknown))
    assert (reading.error_code, reading.reason) == ("X.1", "the moon")


@pytest.mark.parametrize(
    "body", [b"", b"<html>sign in</html>", b"[]", b"{}", b'{"job_id": ""}', b'{"job_id": 7}']
)
def test_a_yes_without_a_job_may_have_happened(body: bytes) -> None:
    """A proxy's page or a torn answer is no reason to share a second time."""
    with pytest.raises(AnswerLostError):
        wire.read_ticket(answer(body))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"images": 1, "members": 1, "status": 1}'])
@pytest.mark.parametrize("reader", ["images", "members", "job", "quota"])
def test_a_read_that_cannot_be_read_is_worth_another_try(body: bytes, reader: str) -> None:
    """An empty body must never count as an empty list: nobody would be a member then."""
    readers: dict[str, Callable[[], object]] = {
        "images": lambda: wire.read_images(answer(body), OURS),
        "members": lambda: wire.read_members(answer(body)),
        "job": lambda: wire.read_job(answer(body)),
        "quota": lambda: wire.read_quota(answer(body)),
    }

    with pytest.raises(CloudBusyError):
        readers[reader]()


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "images",
                        "members",
                        "page_info",
                        "status",
                        "entities",
                        "results",
                        "quotas",
                        "resources",
                        "token",
                        "job_id",
                        "next_marker",
                    ]
                ),
                x,
            )
        ),
        max_leaves=8,
    )
)
def test_no_answer_breaks_a_reader(body: Any) -> None:
    """Whatever comes, the worker must get an error it knows."""
    for read in (
        wire.read_ticket,
        wire.read_members,
        wire.read_job,
        wire.read_quota,
        lambda given: wire.read_images(given, OURS),
        lambda given: wire.read_token(given, NOW),
    ):
        with suppress(BotError):
            read(answer(body))


@pytest.mark.parametrize(
    ("who", "project_id", "scope"),
    [
        (Password(username="u", password="p", user_domain_name="d"), OURS, {"id": OURS}),
        (
            Password(username="u", password="p", user_domain_name="d", project_name="eu-west-101_shop"),
            None,
            {"name": "eu-west-101_shop"},
        ),
        (Password(username="u", password="p", user_domain_name="d"), None, {"name": "eu-west-101"}),
    ],
)
def test_a_token_is_asked_for_one_project(
    who: Password, project_id: str | None, scope: dict[str, str]
) -> None:
    """Image sharing is a project's matter; a token of the account is refused."""
    call = wire.issue_token(who, project_id=project_id, region="eu-west-101")

    auth = json.loads(call.body)["auth"]
    user = {"domain": {"name": "d"}, "name": "u", "password": "p"}
    assert auth == {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": scope},
    }


def test_a_token_comes_in_a_header_and_hides_itself() -> None:
    """It opens everything for a day."""
    body = {"token": {"expires_at": "2026-01-16T10:11:12.855000Z", "project": {"id": OURS}}}
    token = wire.read_token(answer(body, x_subject_token="TOKENVALUE"), NOW)

    assert (token.value, token.project_id) == ("TOKENVALUE", OURS)
    assert token.expires_at == datetime(2026, 1, 16, 10, 11, 12, 855000, tzinfo=UTC)
    assert "TOKENVALUE" not in f"{token!r} {token}"


def test_an_answer_without_a_token_points_at_the_address() -> None:
    """A wrong OS_AUTH_URL often leads to a page that says 200."""
    with pytest.raises(CloudAuthError, match="OS_AUTH_URL"):
        wire.read_token(answer(b"<html>"), NOW)
