"""What CodeBuild gets: a zip with the build context, its Dockerfile, and the script that builds and pushes it.

The context is the stream that a Docker Engine is given, as a tar: a zip that CodeBuild unpacks need not keep modes. The
Dockerfile lies beside it, so that nothing is in the image that is not in one of the engine's. Values of build arguments
are in a file of their own, which the script reads: they are in no project's environment and on no command line.
"""

from __future__ import annotations

import shlex
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentcore_cli import files, rendering
from agentcore_cli.builders.images import context, image_context
from agentcore_cli.builders.images.context import Items
from agentcore_cli.builders.images.image import ImageInputs
from agentcore_cli.builders.images.image_limits import ARM64, PLATFORM
from agentcore_cli.builders.packages.installer import Stopping
from agentcore_cli.builders.source.finished_zip import FinishedZip, find
from agentcore_cli.contract import IMAGE_MAX
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.exclusions import IGNORE_FILE

_CONTEXT: Final = "context.tar"
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16


def build(path: Path, inputs: ImageInputs, stopping: Stopping) -> FinishedZip:
    """Pack it at `path`. Raises AgentcoreError, with nothing left, when the disk is full, a file changes meanwhile, or
    it is interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.replaced(path) as file, zipfile.ZipFile(file, "w") as archive:
        with archive.open(_header(_CONTEXT), "w", force_zip64=True) as packed:
            for piece in context.stream(items(inputs)):
                if stopping():
                    raise AgentcoreError("interrupted")
                packed.write(piece)
        for name, text in _beside(inputs).items():
            archive.writestr(_header(name), text)
    made = find(path)
    assert made, "it has just been written"
    return made


def items(inputs: ImageInputs) -> Items:
    """The files of the context; what is ignored is left out of them already."""
    return {name: item for name, item in image_context.items(inputs, None).items() if name != IGNORE_FILE}


def _beside(inputs: ImageInputs) -> Mapping[str, str]:
    project = inputs.project
    script = rendering.render(
        "codebuild/build.sh.j2",
        platform=PLATFORM,
        architecture=ARM64,
        size=IMAGE_MAX,
        labels=sorted(project.labels.items()),
        arguments=sorted(project.build_args),
    )
    values = "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(project.build_args.items()))
    return {"Dockerfile": inputs.dockerfile, "build.sh": script} | ({"arguments": values} if values else {})


def _header(name: str) -> zipfile.ZipInfo:
    header = zipfile.ZipInfo(name, _TIME)
    header.external_attr = _MODE
    header.compress_type = zipfile.ZIP_DEFLATED
    return header
