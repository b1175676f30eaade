"""A build and push as a process of its own: `build_and_push.py FOLDER BUILDER HOST`, with a project in FOLDER.

Prints a JSON object: the image's digest, and the most memory that the process had (bytes).
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentcore_cli.builders.builder import Builder, Publisher
from agentcore_cli.builders.images.image import ImageProject
from agentcore_cli.builders.registry.access import SignIn

BASE = "base/python:3.13"
LABELS = {"agentcore:project": "bench", "agentcore:agent": "bench"}


@dataclass(frozen=True, slots=True)
class Quiet:
    """The work that nobody watches."""

    def tell(self, message: str) -> None:
        pass

    def stopping(self) -> bool:
        return False


def project_in(folder: Path, host: str) -> ImageProject:
    """The project as its config would have it; its base image is at `host`."""
    (agent,) = (folder / "project").glob("*.py")
    return ImageProject(
        root=folder / "project",
        agent="bench",
        start=(agent.name,),
        entry=Path(agent.name),
        port=8080,
        python="3.13",
        base_image=f"{host}/{BASE}",
        requirements="requirements.txt" if (folder / "project" / "requirements.txt").exists() else None,
        labels=LABELS,
    )


def parts(folder: Path, kind: str, host: str) -> tuple[Builder[Any], Publisher[Any]]:
    """What a deploy would build and push with. Only the one that is asked for is imported."""
    project = project_in(folder, host)
    if kind == "docker":
        from agentcore_cli.builders.images.docker_builder import DockerBuilder, DockerPublisher

        return DockerBuilder(project, folder / "cache"), DockerPublisher(lambda: SignIn("nobody", "asks"))
    from agentcore_cli.builders.oci.blobs import Blobs
    from agentcore_cli.builders.oci.builder import OciBuilder
    from agentcore_cli.builders.oci.push import RegistryPublisher

    builder = OciBuilder(project, folder / "cache", Blobs(folder / "layers"), lambda host: None)
    return builder, RegistryPublisher(builder.bases, lambda: None)


def main(folder: Path, kind: str, host: str) -> None:
    builder, publisher = parts(folder, kind, host)
    digest = publisher.publish(builder.build(Quiet()), f"{host}/bench:{builder.tag}", Quiet())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"digest": digest, "peak": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
