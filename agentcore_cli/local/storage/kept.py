"""A storage that a session has, and whose it is."""

from __future__ import annotations

from typing import NamedTuple

from agentcore_cli.local.sandbox import Storage


class Whose(NamedTuple):
    """A session id means nothing outside its runtime and endpoint; a storage is of one version of them."""

    runtime_id: str
    endpoint: str
    session_id: str
    version: str


class Kept(NamedTuple):
    """A storage in use; its name was never another's."""

    name: str
    whose: Whose
    storage: Storage
