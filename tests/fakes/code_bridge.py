"""AgentCore as it takes code from S3, in front of a control plane that takes it from the local content store alone.

It reads the object and version that a request names, looks at the zip as the service is documented to (direct code
deployment: common issues), in its words, and shows callers what they named.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from agentcore_cli.contract import LOCAL_BUCKET
from tests.fakes.aws_answers import Answer, refusal
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import Forward

_PYTHONS: Final = {"PYTHON_3_12", "PYTHON_3_13", "PYTHON_3_14"}
_ZIPPED_MAX: Final = 250 * 1024**2
_UNZIPPED_MAX: Final = 750 * 1024**2
_AARCH64: Final = 183
_OTEL: Final = "opentelemetry-instrument"
Json = dict[str, Any]


class CodeBridge:
    """A handler for the proxy. `s3` is plain boto3, `artifacts` the content store, `sidecar` what lies beside a zip."""

    def __init__(self, s3: Any, artifacts: Path, sidecar: Json | None = None) -> None:
        self._s3 = s3
        self._artifacts = artifacts
        self._sidecar = sidecar
        self._named: dict[str, Json] = {}

    def __call__(self, call: Call, request: Request, forward: Forward) -> Answer | None:
        if call.operation in ("CreateAgentRuntime", "UpdateAgentRuntime"):
            body = json.loads(request.body)
            if code := body["agentRuntimeArtifact"].get("codeConfiguration"):
                try:
                    data = self._read(code)
                except ValueError as error:
                    return refusal(call, 400, "Validation", str(error))
                code["code"] = {"s3": {"bucket": LOCAL_BUCKET, "prefix": self._keep(data, code["code"])}}
                request = Request(request.method, request.path, request.headers, json.dumps(body).encode())
        return self._as_named(forward(request))

    def _read(self, code: Json) -> bytes:
        if code["runtime"] not in _PYTHONS:
            raise ValueError(f"The runtime {code['runtime']} is no longer supported for creating or updating.")
        place = code["code"]["s3"]
        version = {"VersionId": place["versionId"]} if "versionId" in place else {}
        try:
            data: bytes = self._s3.get_object(Bucket=place["bucket"], Key=place["prefix"], **version)["Body"].read()
        except ClientError as error:
            raise ValueError(f"Unable to access the artifact in S3: {error.response['Error']['Code']}") from error
        _check(data, code["entryPoint"])
        return data

    def _keep(self, data: bytes, named: Json) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if self._sidecar:
            (self._artifacts / f"{digest}.json").write_text(json.dumps(self._sidecar))
        (self._artifacts / f"{digest}.zip").write_bytes(data)
        self._named[f"{digest}.zip"] = named
        return f"{digest}.zip"

    def _as_named(self, answer: Answer) -> Answer:
        if not answer.body.startswith(b"{"):
            return answer
        shown = json.loads(answer.body)
        code = shown.get("agentRuntimeArtifact", {}).get("codeConfiguration")
        if not code or code["code"]["s3"]["prefix"] not in self._named:
            return answer
        code["code"] = self._named[code["code"]["s3"]["prefix"]]
        return Answer(answer.status, json.dumps(shown).encode(), answer.headers)


def _check(data: bytes, entry_point: list[str]) -> None:
    """Raises ValueError with what the service says of such a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if len(data) > _ZIPPED_MAX or sum(item.file_size for item in archive.infolist()) > _UNZIPPED_MAX:
            raise ValueError("Your artifact exceeds the maximum size.")
        if entry_point[-1] not in names or not entry_point[-1].endswith(".py"):
            raise ValueError("The specified entrypoint could not be found or accessed in your artifact.")
        if entry_point[0] == _OTEL and f"bin/{_OTEL}" not in names:
            raise ValueError("OpenTelemetry instrumentation executable not found in your artifact.")
        for name in names:
            with archive.open(name) as file:
                head = file.read(20)
            if head.startswith(b"\x7fELF") and struct.unpack_from("<H", head, 18) != (_AARCH64,):
                raise ValueError(f"Your artifact contains binary files that are incompatible with Linux ARM64: {name}")
