"""Every way the simulator says no, in the body shapes of the three services. Nothing here decides whether to.

IMS answers `{"error": {"code", "message"}}` (error codes: IMS API reference, "Error Codes"), the API gateway
`{"error_code", "error_msg", "request_id"}` (API Gateway user guide, "Error Codes"), IAM the Keystone shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MESSAGES: Mapping[str, str] = {
    "IMG.0001": "The request message format is invalid.",
    "IMG.0007": "The request body is empty.",
    "IMG.0017": "The URL format is incorrect.",
    "IMG.0018": "An error occurred when the job was submitted.",
    "IMG.0023": "An exception occurred during task query.",
    "IMG.0024": "The image type in the request is incorrect.",
    "IMG.0026": (
        "The role is invalid. "
        "You need to apply for the required permissions or pass the real-name authentication."
    ),
    "IMG.0027": "The image ID in the request does not exist.",
    "IMG.0030": "The project ID and token in the request are invalid.",
    "IMG.0031": "The resource ID in the request is incorrect.",
    "IMG.0046": "The image is unavailable.",
    "IMG.0047": "This operation can be performed only by the image owner.",
    "IMG.0060": "The number of tasks exceeds the flow control limit.",
    "IMG.0061": "Unknown system error.",
    "IMG.0066": "The image ID is incorrect.",
    "IMG.0067": "The project ID is incorrect.",
    "IMG.0076": "You cannot share an image with yourself.",
    "IMG.0086": "No image was found.",
    "IMG.0088": "The number of shared images has reached the maximum allowed.",
    "IMG.0089": "The public image cannot be shared.",
    "IMG.0098": "The encrypted image cannot be shared.",
    "IMG.0099": "You do not have the permission to access the key.",
    "IMG.0105": "The operation is not supported.",
    "IMG.0106": "The image owner is another tenant.",
    "IMG.0107": "The image published on the marketplace cannot be shared.",
    "IMG.0108": "The tenant ID was not found in the current region.",
    "IMG.0112": "Failed to add the tenant.",
    "IMG.0113": "Failed to delete the tenant.",
    "IMG.0114": "Failed to query the tenant details.",
    "IMG.0135": "The full-ECS image cannot be shared.",
    "IMG.0190": "Full-ECS images can be created only from CBR backups.",
}

_IAM = "Incorrect IAM authentication information: "
_GATEWAY: Mapping[str, tuple[int, str]] = {
    "APIGW.0101": (404, "The API does not exist or has not been published in the environment"),
    "APIGW.0202": (502, "Backend unavailable"),
    "APIGW.0203": (504, "Backend timeout"),
    "APIGW.0301": (401, _IAM + "verify aksk signature fail"),
    "APIGW.0302": (403, "The IAM user is not allowed to access the API"),
    "APIGW.0308": (429, "The throttling threshold has been reached: policy user over ratelimit"),
    "APIGW.0613": (503, "The IAM service is temporarily unavailable"),
}


class RefusedError(Exception):
    """The simulated cloud answers with an error."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, dict(headers or {})


def reason(code: str) -> str:
    """The message IMS sends with this code; for a code not in the table a plain sentence."""
    return MESSAGES.get(code, "The request was refused.")


def ims(code: str, detail: str = "", *, status: int | None = None) -> RefusedError:
    """A refusal by IMS itself: HTTP 400 unless said otherwise, 403 for IMG.0026."""
    message = reason(code) + (f" [{detail}]" if detail else "")
    return RefusedError(
        status or (403 if code == "IMG.0026" else 400), {"error": {"code": code, "message": message}}
    )


def gateway(code: str, message: str = "", *, headers: Mapping[str, str] | None = None) -> RefusedError:
    """A refusal by the gateway in front of IMS. The request id of the body is filled in when it is sent."""
    status, usual = _GATEWAY[code]
    return RefusedError(
        status, {"error_code": code, "error_msg": message or usual, "request_id": ""}, headers
    )


def unauthenticated(why: str) -> RefusedError:
    """APIGW.0301 with the gateway's prefix."""
    return gateway("APIGW.0301", _IAM + why)


def keystone(status: int, title: str, message: str) -> RefusedError:
    """A refusal by IAM: the code is a number, as in OpenStack Keystone."""
    return RefusedError(status, {"error": {"code": status, "message": message, "title": title}})
