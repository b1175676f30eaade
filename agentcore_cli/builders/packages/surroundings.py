"""What an installation of packages has around it: build backends run the code of strangers.

So it gets none of the deployer's secrets and a HOME of its own, in which there are no keys. What it needs to reach a
package index is passed on: the settings of uv and pip with their credentials, netrc, proxies and certificates.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentcore_cli.user_folder import home_of

_PASSED_ON: Final = frozenset(
    {
        *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT", "TERM", "NETRC", "SOURCE_DATE_EPOCH"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT"),
        *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY"),
        *("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "AR", "MAKEFLAGS", "PKG_CONFIG_PATH"),
        *("CARGO_HOME", "RUSTUP_HOME", "CMAKE_PREFIX_PATH", "MACOSX_DEPLOYMENT_TARGET", "SDKROOT"),
    }
)
_SETTINGS: Final = ("UV_", "PIP_")  # the index, its credentials, the cache
# Choices for another project than the one that is installed.
_INHERITED_CHOICES: Final = frozenset({"UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT"})


def of_installer(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The variables of an installation whose HOME is `home`. What lay in the user's own is named where it is."""
    passed_on = {name: value for name, value in environ.items() if _is_passed_on(name)}
    return _places(environ) | passed_on | {"HOME": str(home)}


def _is_passed_on(name: str) -> bool:
    return name.upper() in _PASSED_ON or (name.startswith(_SETTINGS) and name not in _INHERITED_CHOICES)


def _places(environ: Mapping[str, str]) -> dict[str, str]:
    """Where uv would have looked in the user's HOME: cache, settings, netrc, interpreters, credentials."""
    user = home_of(environ)
    cache = Path(environ.get("XDG_CACHE_HOME") or user / ".cache")
    data = Path(environ.get("XDG_DATA_HOME") or user / ".local" / "share")
    config = Path(environ.get("XDG_CONFIG_HOME") or user / ".config")
    places = {
        "NETRC": user / ".netrc",
        "UV_CONFIG_FILE": config / "uv" / "uv.toml",
        "UV_CREDENTIALS_DIR": data / "uv" / "credentials",
        "UV_PYTHON_INSTALL_DIR": data / "uv" / "python",
        "PIP_CONFIG_FILE": config / "pip" / "pip.conf",
        "CARGO_HOME": user / ".cargo",
        "RUSTUP_HOME": user / ".rustup",
    }
    existing = {name: str(place) for name, place in places.items() if os.path.exists(place)}
    return existing | ({"UV_CACHE_DIR": str(cache / "uv")} if _may_be_made(cache / "uv") else {})


def _may_be_made(folder: Path) -> bool:
    """Whether its owner may write there. Without such a cache uv has one in the HOME that it is given, for once."""
    there = next(above for above in (folder, *folder.parents) if os.path.exists(above))
    return os.access(there, os.W_OK | os.X_OK)
