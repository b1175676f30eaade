"""How an image came to be, as SLSA provenance in an in-toto statement.

Source: slsa.dev/spec/v1.0/provenance, github.com/in-toto/attestation. It is not signed, and no time is in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from agentcore_cli import __version__
from agentcore_cli.builders.images.image import ImageInputs
from agentcore_cli.builders.oci import sbom
from agentcore_cli.builders.oci.image import OciImage

_TOOL: Final = f"pkg:pypi/agentcore-toolkit@{__version__}"  # a URI, as the field wants


def document(inputs: ImageInputs, image: OciImage, installed: Path | None) -> bytes:
    """`installed` is the folder of the packages that were copied in, None where none were.

    `source` in it is the hash of the names and contents of the project's files, as agentcore makes it.
    """
    told = {name: value for name, value in inputs.describe().items() if name != "files"}
    base = [{"uri": f"docker://{image.base}", "digest": {"sha256": _hex(image.base_digest)}}] if image.base else []
    materials: list[dict[str, Any]] = [
        *base,
        *({"uri": purl} for purl in (sbom.purls(installed) if installed else [])),
    ]
    whole = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": inputs.project.agent, "digest": {"sha256": _hex(image.digest)}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": f"{_TOOL}#oci",
                "externalParameters": told,
                "internalParameters": {"source": inputs.source.digest},
                "resolvedDependencies": materials,
            },
            "runDetails": {"builder": {"id": _TOOL}},
        },
    }
    return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
