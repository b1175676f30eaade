"""The settings that people made for pip and requests, in the words of uv, which reads its own alone.

Where packages are (`index-url`, `extra-index-url`, `find-links`, `no-index`), whom to trust (`cert`, `trusted-host`,
REQUESTS_CA_BUNDLE) and how to get there (`proxy`). From the environment's PIP_*, else from the files that pip reads, in
its order: of the machine, of the user, of $PIP_CONFIG_FILE (pip's documentation, "Configuration"). What was set for uv
itself goes before; HTTP_PROXY and SSL_CERT_FILE uv knows by itself. Credentials in addresses stay in the environment.
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

_SECTIONS: Final = ("global", "install")  # what is said of installing goes before
_INDEXES: Final = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_PLACES: Final = ("index-url", "extra-index-url", "find-links", "no-index")
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
    return {name: value for name, value in wanted.items() if value and not environ.get(name)}


def described(environ: Mapping[str, str]) -> str:
    """What of this there is, by name and without values, for a message; empty where nothing is set."""
    pip = _settings(environ)
    told = [f"pip's {name}" for name in _PLACES if pip.get(name)]
    return ", ".join([*told, *(name for name in (*_INDEXES, "UV_FIND_LINKS") if environ.get(name))])


def _is_told(environ: Mapping[str, str], folder: Path) -> bool:
    """Whether somebody has told uv itself where packages are, by its variables or its files."""
    if any(environ.get(name) for name in _INDEXES):
        return True
    user = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home()) / ".config")
    files = [place / name for place in (folder, *folder.parents) for name in ("uv.toml", "pyproject.toml")]
    return any(_tells(file) for file in (*files, user / "uv" / "uv.toml", Path("/etc/uv/uv.toml")))


def _tells(file: Path) -> bool:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    settings = content.get("tool", {}).get("uv", {}) if file.name == "pyproject.toml" else content
    return any(name in place for place in (settings, settings.get("pip", {})) for name in _UV_KEYS)


def _names_index(file: Path) -> bool:
    try:
        return _INDEX_OPTION.search(file.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False


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
    yield "UV_INSECURE_HOST", " ".join(pip.get("trusted-host", "").split())
    yield "UV_HTTP_TIMEOUT", pip.get("timeout", pip.get("default-timeout", ""))
    if proxy := pip.get("proxy"):
        address = proxy if "://" in proxy else f"http://{proxy}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            if not environ.get(name.lower()):
                yield name, address


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
        parser.read_string(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, configparser.Error):
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
    home = Path(environ.get("HOME") or Path.home())
    for folder in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
        yield home / "Library/Application Support/pip/pip.conf"
    yield home / ".pip/pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    if active := environ.get("VIRTUAL_ENV"):
        yield Path(active, "pip.conf")
    if chosen:
        yield Path(chosen).expanduser()
