"""IAM's one endpoint: POST /v3/auth/tokens, password method, scoped to a project by name or id.

Shape: IAM API reference, "Obtaining a User Token Through Password Authentication"; errors as in Keystone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.simulator.ims.answers import RefusedError, keystone
from bot.simulator.ims.cloud import Cloud

PATH = "/v3/auth/tokens"


def _malformed(where: str) -> RefusedError:
    return keystone(400, "Bad Request", f"Expecting to find {where} in the request body.")


def _find(body: Any, *path: str) -> Any:
    """The value at this path of nested objects; 400 when some step is missing."""
    for depth, name in enumerate(path, start=1):
        if not isinstance(body, dict) or name not in body:
            raise _malformed(".".join(path[:depth]))
        body = body[name]
    return body


@dataclass
class Identity:
    cloud: Cloud

    def table(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.tokens)]

    async def tokens(self, request: web.Request) -> web.Response:
        """201, the token in X-Subject-Token, its expiry in the body."""
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise _malformed("auth") from None
        if _find(body, "auth", "identity", "methods") != ["password"]:
            raise keystone(401, "Unauthorized", "Attempted to authenticate with an unsupported method.")
        self._check_user(_find(body, "auth", "identity", "password", "user"))
        project = self._project(_find(body, "auth").get("scope"))
        value, token = self.cloud.gate.issue(project)
        account, user, _ = self.cloud.user
        fields: dict[str, Any] = {
            "methods": ["password"],
            "issued_at": f"{self.cloud.world.now():%Y-%m-%dT%H:%M:%S.%f}Z",
            "expires_at": f"{token.expires:%Y-%m-%dT%H:%M:%S.%f}Z",
            "user": {"id": "0" * 31 + "1", "name": user, "domain": {"id": "0" * 31 + "2", "name": account}},
            "roles": [{"id": "0", "name": "te_admin"}],
        }
        if project:
            fields["project"] = {
                "id": project,
                "name": self.cloud.world.region,
                "domain": fields["user"]["domain"],
            }
        if request.query.get("nocatalog") != "true":
            fields["catalog"] = []
        headers = {
            "X-Subject-Token": value,
            "X-IAM-Trace-Id": f"token_{self.cloud.world.region}_null_{uuid4().hex}",
        }
        return web.json_response({"token": fields}, status=201, headers=headers)

    def _check_user(self, given: Any) -> None:
        account, user, password = self.cloud.user
        stated = (_find(given, "domain", "name"), _find(given, "name"), _find(given, "password"))
        lockout, now = self.cloud.gate.lockout("user " + str(stated[1])), self.cloud.world.now()
        if lockout.locked(now):
            raise keystone(401, "Unauthorized", "The account is locked.")
        if stated != (account, user, password):
            lockout.fail(now, self.cloud.switches)
            raise keystone(401, "Unauthorized", "The username or password is wrong.")
        lockout.pass_()

    def _project(self, scope: Any) -> str:
        """The id of the project in scope; empty without one, or with an account as scope."""
        if scope is None or (isinstance(scope, dict) and "domain" in scope):
            return ""
        project = _find({"scope": scope}, "scope", "project")
        if not isinstance(project, dict) or not set(project) & {"id", "name"}:
            raise _malformed("scope.project.id or scope.project.name")
        if project.get("id", self.cloud.project) != self.cloud.project:
            raise keystone(404, "Not Found", f"Could not find project: {project['id']}.")
        if project.get("name", self.cloud.world.region) != self.cloud.world.region:
            raise keystone(404, "Not Found", f"Could not find project: {project['name']}.")
        return self.cloud.project
