"""Servers that stand in for AWS: moto's, a real process that speaks IAM, ECR, Logs, STS and S3 over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config

from agentcore_cli.aws.session import Access, AwsSession
from tests.addresses import free_port

ACCOUNT: Final = "123456789012"  # moto's own
REGION: Final = "us-west-2"
_BOTO3: Final = boto3.session.Session()  # one for all clients: each session reads botocore's models anew
_START_SECONDS: Final = 60.0


def boto3_client(service: str, url: str, key: str = "test", secret: str = "test", **options: Any) -> Any:
    """Plain boto3 on what is at `url`; `options` are those of its clients."""
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    return _BOTO3.client(service, endpoint_url=url, **keys, **{"region_name": REGION, **options})


class Moto:
    """An AWS account behind a URL, empty at first. Whoever starts one closes it.

    `log` gets what the server writes, one line per request; it starts no process of its own.
    """

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._sessions: dict[Access, AwsSession] = {}
        self._clients: dict[Any, Any] = {}
        self._log = log.open("wb")
        command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def client(self, service: str, region: str = REGION, endpoint_url: str | None = None, **credentials: Any) -> Any:
        """Plain boto3 on the account, closed when the server is. `credentials` are as boto3 has them."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} | credentials
        url = endpoint_url or self.url
        wanted = (service, region, url, *sorted(keys.items()))
        if wanted not in self._clients:
            once = Config(retries={"total_max_attempts": 1})
            self._clients[wanted] = _BOTO3.client(service, region_name=region, endpoint_url=url, config=once, **keys)
        return self._clients[wanted]

    def session(self, region: str = REGION, access_key: str = "test", secret_key: str = "test") -> AwsSession:
        """Our own way to the account, for the clients; closed when the server is."""
        access = Access(region, url=self.url, access_key=access_key, secret_key=secret_key)
        return self._sessions.setdefault(access, AwsSession(lambda: access))

    def user(self, actions: Sequence[str], name: str = "caller") -> dict[str, str]:
        """The credentials of a new user who may do these actions; moto looks at no resource in a policy."""
        iam = self.client("iam")
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="actions", PolicyDocument=document)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def reset(self) -> None:
        """An empty account again, in which everybody may do everything."""
        self._post("reset")
        self.enforce_iam(after=None)

    def enforce_iam(self, *, after: int | None = 0) -> None:
        """From the call after the next `after` on, let a caller do what the IAM policies allow; None: never."""
        self._post("reset-auth", "inf" if after is None else str(after))

    def close(self) -> None:
        for opened in (*self._clients.values(), *self._sessions.values()):
            opened.close()
        self.process.terminate()
        self.process.wait()
        self._log.close()

    def _post(self, what: str, body: str = "") -> Any:
        plain = {"Content-Type": "text/plain"}  # as a form, moto would not see it
        request = urllib.request.Request(f"{self.url}/moto-api/{what}", body.encode(), plain, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None:
                    raise AssertionError(f"moto_server ended: see {self._log.name}") from None
                time.sleep(0.05)
        raise AssertionError(f"moto_server did not start within {_START_SECONDS} s")
