"""What the vendor's error codes mean to us: who can mend it, and in which words to say so. Data only.

From IMS "Error Codes" and API Gateway "Error Codes". A code that is not here is judged by its HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a refusal lets us conclude."""

    REFUSED = auto()
    """Not carried out; asking again is of no use."""
    CREDENTIALS = auto()
    """Not carried out: the cloud does not know us, or not for this project."""
    BUSY = auto()
    """Not carried out; it may work later."""
    THROTTLED = auto()
    """Not carried out: we ask too much."""
    UNSURE = auto()
    """May have been carried out."""


@dataclass(frozen=True)
class Meaning:
    kind: Kind
    words: str


_RIGHTS = (
    "The bot's cloud user lacks the right to do this; "
    "give it ims:images:share and ims:images:get in this project."
)
_ROWS: tuple[tuple[str, Kind, str], ...] = (
    (
        "IMG.0001 IMG.0007 IMG.0017",
        Kind.REFUSED,
        "IMS did not understand the bot's call; please report this as a bug of the bot.",
    ),
    ("IMG.0018", Kind.UNSURE, "IMS could not tell whether it took the job."),
    ("IMG.0023", Kind.BUSY, "IMS could not look the job up just now."),
    ("IMG.0026 APIGW.0302 APIGW.0306", Kind.REFUSED, _RIGHTS),
    ("IMG.0027 IMG.0086 IMG.0144", Kind.REFUSED, "IMS knows no image with this id in this region."),
    ("IMG.0030", Kind.CREDENTIALS, "The configured project does not belong to the credentials."),
    ("IMG.0031 IMG.0066", Kind.REFUSED, "IMS does not take this as the id of an image."),
    ("IMG.0046", Kind.REFUSED, "The image is not ready; try again when its status is Normal."),
    ("IMG.0047 IMG.0106", Kind.REFUSED, "The image belongs to another project; only its owner can share it."),
    ("IMG.0060", Kind.THROTTLED, "IMS has too many tasks just now."),
    ("IMG.0061", Kind.UNSURE, "IMS met an internal error."),
    ("IMG.0064 IMG.0065", Kind.BUSY, "IMS could not look the project up just now."),
    (
        "IMG.0067 IMG.0108 IMG.0177",
        Kind.REFUSED,
        "There is no such project in this region; an image can only be shared within its own region.",
    ),
    ("IMG.0076 IMG.0178", Kind.REFUSED, "The receiver is the owner of the image."),
    ("IMG.0087", Kind.CREDENTIALS, "IMS does not accept the token."),
    (
        "IMG.0088",
        Kind.REFUSED,
        "The quota of shared images is used up; unshare something or ask the cloud for more.",
    ),
    ("IMG.0089", Kind.REFUSED, "A public image is there for everybody and cannot be shared."),
    ("IMG.0107", Kind.REFUSED, "An image published in the marketplace cannot be shared."),
    (
        "IMG.0095 IMG.0097 IMG.0099",
        Kind.REFUSED,
        "The key that encrypts the image cannot be used; ask the owner of the key in KMS.",
    ),
    ("IMG.0098", Kind.REFUSED, "An encrypted image cannot be shared; share an unencrypted copy."),
    ("IMG.0105", Kind.REFUSED, "IMS does not support this for the image."),
    ("IMG.0112 IMG.0113", Kind.UNSURE, "IMS failed while changing the member list."),
    ("IMG.0114", Kind.BUSY, "IMS could not read the member list just now."),
    (
        "IMG.0133 IMG.0165",
        Kind.REFUSED,
        "The bot's cloud user has no access to the backup behind the image.",
    ),
    (
        "IMG.0135 IMG.0190",
        Kind.REFUSED,
        "A full-ECS image can only be shared when it was made from a CBR backup.",
    ),
    (
        "IMG.0182 IMG.0184 IMG.0185 IMG.0188 IMG.0189 IMG.0193",
        Kind.REFUSED,
        "The receiver's backup vault cannot take this full-ECS image.",
    ),
    ("IMG.0187", Kind.BUSY, "The key service is busy."),
    ("IMG.0196", Kind.REFUSED, "A shared image has to be accepted before it can be copied."),
    ("IMG.0197", Kind.REFUSED, "An encrypted image that was shared cannot be copied like this."),
    (
        "IMG.0238 IMG.0239 IMG.0241 IMG.0242",
        Kind.REFUSED,
        "The cloud account may not do this: check its real-name registration, balance and budget.",
    ),
    (
        "APIGW.0101",
        Kind.REFUSED,
        "There is no such call at this address; check the endpoint and the region.",
    ),
    (
        "APIGW.0301 APIGW.0305",
        Kind.CREDENTIALS,
        "The gateway does not accept the credentials; check keys, project and this machine's clock.",
    ),
    ("APIGW.0307", Kind.CREDENTIALS, "The token has run out."),
    ("APIGW.0308", Kind.THROTTLED, "The cloud asks for fewer calls."),
    ("APIGW.0310", Kind.REFUSED, "The project cannot be used in this region."),
    ("APIGW.0802", Kind.REFUSED, "The bot's cloud user is disabled in this region."),
    ("APIGW.0613", Kind.BUSY, "The cloud's identity service is not available."),
    (
        "APIGW.0202 APIGW.0203 APIGW.0610",
        Kind.UNSURE,
        "The service behind the gateway does not answer.",
    ),
)

CODES: Mapping[str, Meaning] = {
    code: Meaning(kind, words) for codes, kind, words in _ROWS for code in codes.split()
}
"""By code, spelled as `normal` does."""

STATUSES: Mapping[int, str] = {
    400: "The cloud did not understand the call.",
    401: "The cloud does not accept the credentials.",
    403: _RIGHTS,
    404: "The cloud does not know what was asked for.",
    409: "The cloud says it is in conflict with what is there.",
    413: "The call is too large for the cloud.",
    429: "The cloud asks for fewer calls.",
    500: "The cloud met an internal error.",
    503: "The cloud's service is not available.",
}


def normal(code: str) -> str:
    """A code as CODES spells it: dedicated gateways say APIG where shared ones say APIGW."""
    code = code.strip().upper()
    return f"APIGW.{code[5:]}" if code.startswith("APIG.") else code


def explain(code: str, said: str, status: int = 0) -> str:
    """Plain sentences for people: what a known code means, else what the status means and what the cloud
    itself said."""
    if known := CODES.get(normal(code)):
        return known.words
    if not status:
        return said
    general = STATUSES.get(status) or f"The cloud answered with HTTP {status}."
    return f"{general} It said: {said}" if said else general
