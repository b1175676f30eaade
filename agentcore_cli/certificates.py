"""Which certificates every connection of ours trusts: those that AWS's SDKs would."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

from agentcore_cli.errors import InputError

_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


def trusted(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Trusts AWS_CA_BUNDLE, else the machine's certificates, else, on a Python that finds none, those of botocore.

    Raises InputError for a bundle that can't be read. Source: AWS SDKs and Tools Reference Guide, `ca_bundle`.
    """
    for variable in _VARIABLES:
        if bundle := environ.get(variable):
            try:
                return ssl.create_default_context(cafile=bundle)
            except OSError as error:
                raise InputError(f"{variable} {bundle}: can't be read: {error.strerror or error}") from error
    paths = ssl.get_default_verify_paths()
    return ssl.create_default_context(cafile=None if paths.cafile or paths.capath else _botocores())


def _botocores() -> str | None:
    from importlib.util import find_spec

    found = find_spec("botocore")
    return os.path.join(os.path.dirname(found.origin), "cacert.pem") if found and found.origin else None
