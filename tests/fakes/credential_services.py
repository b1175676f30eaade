"""What AWS's chain of credentials calls beside STS: single sign-on's portal, a container's and an instance's service.

Each gives the keys that `give` was told, and writes down who asked. `end_login` lets the portal refuse its token.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.threaded import Handler, ThreadedServer

TOKEN = "an-sso-token"
ROLE = "machine"


class CredentialServices(ThreadedServer):
    """Use it in a `with`. `asked` has the path of every request."""

    def __init__(self) -> None:
        super().__init__(_handler_for(self))
        self.asked: list[str] = []
        self.keys = ("ASIASERVED", "served-secret", "served-token")
        self.seconds = 3600.0
        self.logged_in = True

    def give(self, access_key: str, *, seconds: float = 3600.0) -> None:
        """From now on these keys, which end in so many seconds."""
        self.keys = (access_key, f"secret-of-{access_key}", f"token-of-{access_key}")
        self.seconds = seconds

    def end_login(self) -> None:
        self.logged_in = False

    def answer(self, method: str, path: str, headers: Any) -> tuple[int, str]:
        """Status and body."""
        key, secret, token = self.keys
        ends = datetime.fromtimestamp(time.time() + self.seconds, UTC)
        served = {
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "Token": token,
            "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        }
        if path == "/federation/credentials":
            if not self.logged_in or headers["x-amz-sso_bearer_token"] != TOKEN:
                return 401, json.dumps({"message": "Session token not found or invalid"})
            names = {"accessKeyId": key, "secretAccessKey": secret, "sessionToken": token}
            return 200, json.dumps({"roleCredentials": names | {"expiration": int(ends.timestamp() * 1000)}})
        if path == "/container" and headers["Authorization"] == "container-token":
            return 200, json.dumps(served)
        if (method, path) == ("PUT", "/latest/api/token"):
            return 200, "imds-token"
        if path == "/latest/meta-data/iam/security-credentials/":
            return 200, ROLE
        if path == f"/latest/meta-data/iam/security-credentials/{ROLE}":
            return 200, json.dumps(
                {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z"} | served
            )
        return 404, "{}"


def _handler_for(services: CredentialServices) -> type[Handler]:
    class Serving(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            services.asked.append(path)
            status, body = services.answer(self.command, path, self.headers)
            refused = {"x-amzn-ErrorType": "UnauthorizedException"} if status == 401 else None
            self.answer(status, body.encode(), headers=refused)

        do_PUT = do_GET

    return Serving
