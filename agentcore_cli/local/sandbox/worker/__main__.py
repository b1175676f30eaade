"""The entry: `python <this folder> keeper|parent|agent|gateway|storage|probe|guards DESCRIPTOR`, that of the socket to

The folder is imported as a package under a name that no agent has, and leaves `sys.path`: an agent's own `log.py` must
never be mistaken for ours. What the bare interpreter had loaded is noted first, see `agent.forget_shadowed`.
"""

import sys

PRELOADED = frozenset(sys.modules)

import importlib  # noqa: E402
import importlib.util  # noqa: E402
import os  # noqa: E402
import socket  # noqa: E402
from typing import Any  # noqa: E402

PACKAGE = "_agentcore_worker"


def load_package() -> None:
    """Make `import _agentcore_worker.<module>` find this folder, and nothing else."""
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[PACKAGE] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def main() -> None:
    """Play the role that the command line names. Forks return to this level, with no caller's frame in the way."""
    load_package()
    role, descriptor = sys.argv[1], int(sys.argv[2])
    if role in ("keeper", "probe", "guards"):
        channel = worker_module("channel").Channel(socket.socket(fileno=descriptor))
        if role == "keeper":
            worker_module("keeper").keep(channel)
        worker_module(role).probe(channel)
    elif role == "gateway":
        worker_module("gateway").serve(worker_module("channel").Channel(socket.socket(fileno=descriptor)))
    elif role == "storage":
        worker_module("storage").attach(worker_module("channel").Channel(socket.socket(fileno=descriptor)))
    elif role == "parent":
        worker_module("parent").serve(socket.socket(fileno=descriptor), PRELOADED).supervise().run()
    else:
        worker_module("agent").receive(descriptor, PRELOADED).run()


def worker_module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


main()
