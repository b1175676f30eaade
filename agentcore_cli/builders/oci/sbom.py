"""What is in an image, as an SPDX 2.3 document: the base image, the packages, the code.

Source: spdx.github.io/spdx-spec/v2.3. No time of now is in it, so the same image has the same document everywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from agentcore_cli import __version__
from agentcore_cli.builders.oci.assembly import CREATED
from agentcore_cli.builders.oci.image import OciImage
from agentcore_cli.builders.packages.packages import PLACE
from agentcore_cli.builders.registry.reference import Reference

_UNKNOWN: Final = "NOASSERTION"
_IMAGE: Final = "SPDXRef-Image"
_BASE: Final = "SPDXRef-BaseImage"
_LICENCE_WORDS_MAX: Final = 200  # some packages write the whole text into the field


def document(agent: str, image: OciImage, installed: Path | None) -> bytes:
    """`installed` is the folder of the packages that were copied in, None where none were."""
    packages = [_package(info) for info in _infos(installed)] if installed else []
    base = [_base(image.base, image.base_digest)] if image.base else []
    whole = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": agent,
        "documentNamespace": f"https://spdx.org/spdxdocs/{quote(agent)}-{_hex(image.digest)}",
        "creationInfo": {"created": CREATED, "creators": [f"Tool: agentcore-toolkit-{__version__}"]},
        "packages": [_image(agent, image), *base, *packages],
        "relationships": [
            _related("SPDXRef-DOCUMENT", "DESCRIBES", _IMAGE),
            *(_related(_IMAGE, "DESCENDANT_OF", _BASE) for _ in base),
            *(_related(_IMAGE, "CONTAINS", package["SPDXID"]) for package in packages),
        ],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"


def purl(name: str, version: str) -> str:
    """A package of Python, as github.com/package-url/purl-spec writes it."""
    return f"pkg:pypi/{canonicalize_name(name)}@{quote(version, safe='')}"


def purls(installed: Path) -> list[str]:
    return [purl(each.name, each.version) for each in map(PathDistribution, _infos(installed))]


def _infos(installed: Path) -> list[Path]:
    return sorted(info for info in installed.glob("*.dist-info") if (info / "METADATA").is_file())


def _image(agent: str, image: OciImage) -> dict[str, Any]:
    return {
        **_described(_IMAGE, agent, image.digest),
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [_checksum(_hex(image.digest))],
    }


def _base(base: Reference, digest: str) -> dict[str, Any]:
    return {
        **_described(_BASE, base.place, digest),
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [_checksum(_hex(digest))],
    }


def _package(info: Path) -> dict[str, Any]:
    """Its checksum is that of its RECORD, which has the SHA-256 of each of its files."""
    package, record = PathDistribution(info), info / "RECORD"
    name, version = package.name, package.version
    told = {
        **_described(f"SPDXRef-Package-{canonicalize_name(name)}", name, version),
        "primaryPackagePurpose": "LIBRARY",
        "downloadLocation": _origin(package),
        **_licence(package.metadata.json),
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl(name, version),
            }
        ],
    }
    if record.is_file():
        checksum = _checksum(hashlib.sha256(record.read_bytes()).hexdigest())
        told |= {"packageFileName": f"{PLACE}/{info.name}/RECORD", "checksums": [checksum]}
    return told


def _described(identity: str, name: str, version: str) -> dict[str, Any]:
    return {
        "SPDXID": identity,
        "name": name,
        "versionInfo": version,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }


def _licence(metadata: Mapping[str, Any]) -> dict[str, str]:
    """What the package declares: an SPDX expression where it is one, its own words as a comment where it is not."""
    said = str(metadata.get("license_expression") or metadata.get("license") or "")
    try:
        expression = canonicalize_license_expression(said) if said else ""
    except InvalidLicenseExpression:
        expression = ""
    if expression and "LicenseRef-" not in expression:
        return {"licenseDeclared": expression}
    classified = [each for each in metadata.get("classifier", []) if each.startswith("License :: ")]
    words = "; ".join([*classified, *([said] if said and len(said) <= _LICENCE_WORDS_MAX else [])])
    return {"licenseComments": words} if words else {}


def _origin(package: PathDistribution) -> str:
    """Where it was asked for by an address (PEP 610); a folder of this machine is nothing to tell."""
    direct = json.loads(package.read_text("direct_url.json") or "{}")
    url = str(direct.get("url", ""))
    if not url.startswith(("https://", "http://", "ssh://")):
        return _UNKNOWN
    version = direct.get("vcs_info", {})
    return f"{version['vcs']}+{url}@{version['commit_id']}" if version else url


def _checksum(value: str) -> dict[str, str]:
    return {"algorithm": "SHA256", "checksumValue": value}


def _related(one: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
