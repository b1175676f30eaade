"""The agent's code as a zip: packed on this machine, one object in S3 for each hash of what it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import keys
from agentcore_cli.aws.objects import Beginning, Objects
from agentcore_cli.builders.builder import BuildWork, PackedArtifact
from agentcore_cli.builders.source.finished_zip import FinishedZip
from agentcore_cli.builders.zip.builder import ZipBuilder
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import ConflictError
from agentcore_cli.events import Listener, Note
from agentcore_cli.exclusions import IGNORE_FILE
from agentcore_cli.resources import runtime_facts

_MEGABYTE: Final = 1024**2


@dataclass(frozen=True)
class CodePublisher:
    """Brings a zip to its bucket, under the key that is its name."""

    client: Objects
    bucket: str
    like: Beginning | None = None

    def publish(self, artifact: PackedArtifact, name: str, work: BuildWork) -> str:
        """Gives the version's id of the object. One that another deploy has just written is as good."""
        whole = f"{artifact.zipped / _MEGABYTE:.1f} MB"
        work.tell(f"uploading {whole} to s3://{self.bucket}/{name}")

        def told(arrived: int) -> None:
            work.tell(f"uploaded {arrived / _MEGABYTE:.1f} of {whole}")

        try:
            return self.client.upload(
                self.bucket, name, artifact.path, told=told, stopping=work.stopping, like=self.like
            )
        except ConflictError:
            there = self.client.versions(self.bucket, name)
            if not there:
                raise
            return there[0].id


@dataclass(frozen=True)
class Code:
    builder: ZipBuilder
    bucket: str
    client: Objects
    listener: Listener
    key: str = keys.CODE
    depends_on: tuple[str, ...] = (keys.BUCKET,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        if secrets := self.builder.inputs.source.secrets:
            hint = f"a line !NAME in {IGNORE_FILE} takes one in"
            self.listener(Note(f"left out, since they look like secrets: {', '.join(secrets)} ({hint})"))
        place = {"tag": self.builder.tag, "bucket": self.bucket, "object": self._object}
        return Desired(self.builder.describe(), place)

    def read(self, recorded: JournalRecord | None) -> Found | None:
        """The object as it is wanted today; else the one that was uploaded last, to compare with.

        The version that was uploaded counts, whatever somebody wrote or deleted over it since.
        """
        last = recorded.outputs if recorded else {}
        there = self.client.versions(self.bucket, self._object)
        is_last = last.get("tag") == self.builder.tag
        known = [version for version in there if (version.id == last["version"] if is_last else version.is_latest)]
        if known:
            return Found(self.builder.describe(), self._outputs(known[0].id), self._uri)
        if is_last and there:
            return Found(self.builder.describe(), last, self._uri, self._moved())
        if recorded is None or not last or is_last:
            return None
        return Found({**recorded.facts, "tag": last["tag"]}, last, f"s3://{last['bucket']}/{last['object']}")

    def prepare(self, work: Work) -> None:
        """Pack it; that needs nothing of AWS."""
        self.builder.build(work)

    def apply(self, work: Work) -> Found:
        built = self.builder.build(work)
        like = self._beginning(work.found, built)
        version = CodePublisher(self.client, self.bucket, like).publish(built, self._object, work)
        return Found(self.builder.describe(), self._outputs(version), self._uri)

    def _beginning(self, last: Found | None, built: FinishedZip) -> Beginning | None:
        """The packages as they are in the object that was uploaded last; S3 is asked whether they are these."""
        if last is None or last.outputs["bucket"] != self.bucket:
            return None
        return Beginning(last.outputs["object"], last.outputs["version"], self.builder.packages_end(built))

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: objects go with their bucket."""

    def artifact(self, outputs: Outputs) -> Mapping[str, Any]:
        """The runtime's `artifact` fact."""
        made = outputs[keys.CODE]
        project = self.builder.project
        return runtime_facts.code_artifact(
            made["bucket"], made["object"], project.python, project.started.entry_point, made["version"]
        )

    @property
    def _object(self) -> str:
        return f"{self.builder.tag}.zip"

    @property
    def _uri(self) -> str:
        return f"s3://{self.bucket}/{self._object}"

    def _moved(self) -> ConflictError:
        return ConflictError(
            f"{self._uri}: the object is another one now than the one that was uploaded",
            hint=f"aws s3 rm {self._uri}; then deploy: that uploads it anew",
        )

    def _outputs(self, version: str) -> dict[str, str]:
        return {"bucket": self.bucket, "object": self._object, "version": version, "tag": self.builder.tag}


@dataclass(frozen=True, slots=True)
class UploadedCode:
    """What a destroy knows of the code: it goes with the bucket."""

    key: str = keys.CODE
    depends_on: tuple[str, ...] = (keys.BUCKET,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return Desired({})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        outputs = recorded.outputs if recorded else {}
        return Found({}, outputs, f"s3://{outputs['bucket']}/{outputs['object']}") if outputs else None

    def apply(self, work: Work) -> Found:
        raise AssertionError("a destroy makes nothing")

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: objects go with their bucket."""
