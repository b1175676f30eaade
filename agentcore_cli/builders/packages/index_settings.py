"""The settings that people made for pip, Poetry and requests, in the words of uv, which reads its own alone.

Where packages are (`index-url`, `extra-index-url`, `find-links`, `no-index`), whom to trust (`cert`, `trusted-host`,
REQUESTS_CA_BUNDLE), who one is (`client-cert`, POETRY_HTTP_BASIC_*), how to get there (`proxy`) and which versions may
be taken (`constraint`). Keyrings are not asked: they need the user's HOME, which builds do not get. From the
environment's PIP_*, else from the files that pip reads, in its order: of the machine, of the user, of $PIP_CONFIG_FILE
(pip's documentation, "Configuration"). What was set for uv itself goes before; HTTP_PROXY and SSL_CERT_FILE uv knows by
itself. Credentials in addresses stay in the environment.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages import poetry_sources
from agentcore_cli.builders.packages.redaction import ENCODE, UNCLEAR, unclear_line
from agentcore_cli.errors import InputError
from agentcore_cli.user_folder import home_of

_SECTIONS: Final = ("global", "install")  # what is said of installing goes before
_INDEXES: Final = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_PLACES: Final = ("index-url", "extra-index-url", "find-links", "no-index")
_KEYRING: Final = "keyring-provider"
_WAYS: Final = ("cert", "client-cert", "trusted-host", "proxy")
_WAYS_OF_ALL: Final = frozenset(
    {
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "UV_INSECURE_HOST"),
    }
)
_UV_KEYS: Final = ("index", "index-url", "extra-index-url", "no-index", "find-links")
_INDEX_OPTION: Final = re.compile(r"^\s*(-i|--index-url)\b", re.MULTILINE)
_NOTHING: Final = ("", "0", "false", "no", "off")


def for_uv(environ: Mapping[str, str], folder: Path, files: Iterable[Path] = ()) -> dict[str, str]:
    """What is to be added to uv's environment when it works in `folder`, on requirements `files`.

    A file that can't be read is as if it were not there, as for pip.
    """
    pip = _settings(environ)
    if any(_names_index(file) for file in files):
        pip.pop("index-url", None)  # a requirements file's own goes before
    wanted = {} if _is_told(environ, folder) else dict(_of_indexes(pip))
    wanted |= dict(_of_connections(pip, environ))
    wanted["UV_CONSTRAINT"] = " ".join(_constraints(pip))
    given = {name: value for name, value in wanted.items() if value and not environ.get(name)}
    if of_poetry := [*poetry_sources.addresses(environ, folder)]:
        given["UV_INDEX"] = " ".join([*of_poetry, given.get("UV_INDEX") or environ.get("UV_INDEX") or ""]).strip()
    return given


def check(environ: Mapping[str, str], folder: Path) -> None:
    """Raise InputError for a setting whose password would be taken for a part of the host, and be told with it."""
    for name, value in environ.items():
        if (name.startswith(("UV_", "PIP_")) or name.upper().endswith("_PROXY")) and unclear_line(value):
            raise InputError(f"{name}: {UNCLEAR}", hint=ENCODE)
    for file in (*_files(environ), *_files_of_uv(environ, folder)):
        if number := unclear_line(_text(file)):
            raise InputError(f"{file}:{number}: {UNCLEAR}", hint=ENCODE)


def described(environ: Mapping[str, str]) -> str:
    """What says where packages are, by name and without values, for a message; empty where nothing is set."""
    pip = _settings(environ)
    told = [f"pip's {name}" for name in _PLACES if pip.get(name)]
    named = [name for name in environ if name.startswith("POETRY_HTTP_BASIC_") and name.endswith("_USERNAME")]
    return ", ".join([*told, *(name for name in (*_INDEXES, "UV_FIND_LINKS") if environ.get(name)), *sorted(named)])


def constraints(environ: Mapping[str, str]) -> list[Path]:
    """The files of constraints that hold for every installation of this user, whatever the project says."""
    said = environ["UV_CONSTRAINT"].split() if environ.get("UV_CONSTRAINT") else _constraints(_settings(environ))
    return [Path(file) for file in said if "://" not in file]


def described_limits(environ: Mapping[str, str]) -> str:
    """What says which versions may be taken, by name; empty where nothing does."""
    if environ.get("UV_CONSTRAINT"):
        return "UV_CONSTRAINT"
    return "pip's constraint" if _settings(environ).get("constraint") else ""


def described_ways(environ: Mapping[str, str]) -> str:
    """The same of what says how to get there; a file of certificates that isn't there is told as that."""
    pip = _settings(environ)
    told = {f"pip's {name}": pip[name] for name in _WAYS if pip.get(name)}
    told |= {name: value for name, value in environ.items() if name.upper() in _WAYS_OF_ALL and value}
    missing = {name for name, value in told.items() if _is_certificate(name) and not os.path.exists(value)}
    named = [f"{name} (there is no such file)" if name in missing else name for name in told]
    asked = [f"pip's {_KEYRING}"] if pip.get(_KEYRING) else []
    asked += ["UV_KEYRING_PROVIDER"] if environ.get("UV_KEYRING_PROVIDER") else []
    named += [f"{name} (no keyring is asked here: put user and password into ~/.netrc)" for name in asked]
    return ", ".join(named)


def _is_certificate(name: str) -> bool:
    return name.endswith(("cert", "_BUNDLE", "_FILE", "_DIR", "_CERT"))


def _is_told(environ: Mapping[str, str], folder: Path) -> bool:
    """Whether somebody has told uv itself where packages are, by its variables or its files."""
    return any(environ.get(name) for name in _INDEXES) or any(_tells(file) for file in _files_of_uv(environ, folder))


def _files_of_uv(environ: Mapping[str, str], folder: Path) -> Iterator[Path]:
    for place in (folder, *folder.parents):
        yield from (place / name for name in ("uv.toml", "pyproject.toml"))
    yield _user_settings(environ) / "uv" / "uv.toml"
    yield Path("/etc/uv/uv.toml")


def _user_settings(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or home_of(environ) / ".config")


def _tells(file: Path) -> bool:
    try:
        content = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError:
        return False
    settings = content.get("tool", {}).get("uv", {}) if file.name == "pyproject.toml" else content
    return any(name in place for place in (settings, settings.get("pip", {})) for name in _UV_KEYS)


def _names_index(file: Path) -> bool:
    return _INDEX_OPTION.search(_text(file)) is not None


def _text(file: Path) -> str:
    """What a file says; nothing where it can't be read."""
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _of_indexes(pip: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "UV_DEFAULT_INDEX", pip.get("index-url", "")
    extra = pip.get("extra-index-url", "").split()
    yield "UV_INDEX", " ".join(extra)
    # pip looks at all indexes; that a name which the extra ones have is taken from them first is the safer half of it
    yield "UV_INDEX_STRATEGY", "unsafe-first-match" if extra else ""
    yield "UV_FIND_LINKS", ",".join(_links(pip.get("find-links", "")))
    yield "UV_NO_INDEX", "1" if pip.get("no-index", "").lower() not in _NOTHING else ""


def _of_connections(pip: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    bundle = pip.get("cert") or environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE") or ""
    yield "SSL_CERT_FILE", bundle if os.path.isfile(bundle) else ""
    yield "SSL_CERT_DIR", bundle if os.path.isdir(bundle) else ""
    yield "SSL_CLIENT_CERT", pip.get("client-cert", "")
    yield "UV_INSECURE_HOST", " ".join(pip.get("trusted-host", "").split())
    yield "UV_HTTP_TIMEOUT", pip.get("timeout", pip.get("default-timeout", ""))
    if proxy := pip.get("proxy"):
        address = proxy if "://" in proxy else f"http://{proxy}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            if not environ.get(name.lower()):
                yield name, address


def _constraints(pip: Mapping[str, str]) -> list[str]:
    """Files and addresses. A relative path counts from where the user is, as for pip."""
    found = pip.get("constraint", "").split()
    return [file if "://" in file else os.path.abspath(os.path.expanduser(file)) for file in found]


def _links(text: str) -> Iterator[str]:
    """Addresses and folders; uv does not know of `~`."""
    for link in text.split():
        yield link if "://" in link else os.path.abspath(os.path.expanduser(link))


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's settings by their long names, those of the environment over those of the files."""
    found: dict[str, str] = {}
    for file in _files(environ):
        found |= _of_file(file)
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found


def _of_file(file: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(_text(file))
    except configparser.Error:
        return {}
    found: dict[str, str] = {}
    for section in _SECTIONS:
        if parser.has_section(section):
            items = parser.items(section)
            found |= {name.replace("_", "-"): value.strip() for name, value in items}
    return found


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """The files that pip reads, the strongest last."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    home = home_of(environ)
    for folder in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
        yield home / "Library/Application Support/pip/pip.conf"
    yield home / ".pip/pip.conf"
    yield _user_settings(environ) / "pip" / "pip.conf"
    if active := environ.get("VIRTUAL_ENV"):
        yield Path(active, "pip.conf")
    if chosen:
        yield Path(chosen).expanduser()
