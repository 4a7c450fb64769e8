"""Settings of Huawei Cloud: place, credentials, pace. Credentials are of exactly one kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import SecretStr

from bot.config.fields import Key, Lower, Section, Url, count, seconds, setting

_URL = "an https:// address"


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """An access key of the cloud: calls are signed."""

    ak: SecretStr
    sk: SecretStr
    project_id: str
    security_token: SecretStr | None
    """Present exactly for a temporary key."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user of the cloud: a token is asked for and renewed."""

    auth_url: str
    username: str
    password: SecretStr
    user_domain: str
    project_id: str | None
    project_name: str | None
    """At least one of the two is present; the id wins."""


class CloudSettings(Section):
    """Huawei Cloud."""

    region: str | None = setting(
        "IMAGEBOT_REGION",
        "The region whose images are shared. Required unless the endpoint is set.",
        pattern=r"^([a-z]{2}-[a-z]+-?[0-9]{1,3}|[a-z]{2}-[a-z]{2})$",
        expects="a region such as eu-west-101",
        example="eu-west-101",
    )
    ims_endpoint: Url | None = setting(
        "IMAGEBOT_IMS_ENDPOINT", "Base address of IMS; wins over the region.", expects=_URL
    )
    iam_endpoint: Url | None = setting(
        "IMAGEBOT_IAM_ENDPOINT",
        "Base address of IAM, where tokens come from; wins over `OS_AUTH_URL`.",
        expects=_URL,
    )
    ak: Key | None = setting(
        "HUAWEICLOUD_SDK_AK",
        "Access key id.",
        expects="from My Credentials in the console",
        example="your-access-key-id",
    )
    sk: Key | None = setting(
        "HUAWEICLOUD_SDK_SK",
        "Secret access key.",
        expects="from My Credentials in the console",
        example="your-secret-access-key",
    )
    security_token: Key | None = setting(
        "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        "Only with a temporary access key.",
        expects="the token that came with the key",
    )
    sdk_project_id: str | None = setting(
        "HUAWEICLOUD_SDK_PROJECT_ID",
        "Id of the project that owns the images.",
        pattern=r"^[A-Za-z0-9_-]+$",
        expects="32 hex digits, in the console under My Credentials",
        example="0123456789abcdef0123456789abcdef",
    )
    auth_url: Url | None = setting(
        "OS_AUTH_URL",
        "Address of IAM, such as `https://iam.example.com/v3`.",
        expects="an https:// address, often ending in /v3",
    )
    username: str | None = setting("OS_USERNAME", "Name of an IAM user.", expects="an IAM user's name")
    password: SecretStr | None = setting("OS_PASSWORD", "Their password.", expects="their password")
    user_domain: str | None = setting(
        "OS_USER_DOMAIN_NAME", "Name of the account the user belongs to.", expects="the account's name"
    )
    os_project_id: str | None = setting(
        "OS_PROJECT_ID",
        "Id of the project that owns the images; wins over its name.",
        pattern=r"^[A-Za-z0-9_-]+$",
        expects="32 hex digits",
    )
    os_project_name: str | None = setting("OS_PROJECT_NAME", "Or its name.", expects="a project's name")
    job_endpoint: Annotated[Literal["auto", "progress", "legacy"], Lower] = setting(
        "IMAGEBOT_JOB_ENDPOINT",
        "Which of the cloud's two job queries is used; `auto` finds out.",
        default="auto",
        expects="auto, progress or legacy",
    )
    api_rate: float = setting(
        "IMAGEBOT_API_RATE",
        "Calls a second to the cloud, all together.",
        default=10.0,
        gt=0,
        le=1000,
        allow_inf_nan=False,
    )
    api_burst: int = count(
        "IMAGEBOT_API_BURST", 10, "Calls that may follow each other at once after a pause.", most=1000
    )
    http_timeout: float = seconds(
        "IMAGEBOT_HTTP_TIMEOUT",
        timedelta(seconds=20),
        "How long one call may take. Must be shorter than the lease.",
        most=600,
    )

    @property
    def credentials(self) -> AccessKey | Login:
        """The one complete kind there is; `load` has seen to that."""
        if self.ak and self.sk and self.sdk_project_id:
            return AccessKey(
                ak=self.ak, sk=self.sk, project_id=self.sdk_project_id, security_token=self.security_token
            )
        auth_url = self.iam_endpoint or self.auth_url
        if not (auth_url and self.username and self.password and self.user_domain):
            raise ValueError("no complete cloud credentials")
        return Login(
            auth_url=auth_url,
            username=self.username,
            password=self.password,
            user_domain=self.user_domain,
            project_id=self.os_project_id,
            project_name=self.os_project_name,
        )
