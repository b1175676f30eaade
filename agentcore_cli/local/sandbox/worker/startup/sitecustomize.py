"""Read by every Python that an agent starts, for PYTHONPATH leads here: what it binds to the agent's port is served.

Afterwards nothing of it is left to see: the folder leaves `sys.path`, and a sitecustomize of others has its turn.
"""

import os
import sys
from importlib import import_module, machinery, util

_HERE = os.path.dirname(os.path.abspath(__file__))
_WORKER = os.path.dirname(_HERE)


def _join() -> None:
    spec = util.spec_from_file_location(
        "_agentcore_worker", os.path.join(_WORKER, "__init__.py"), submodule_search_locations=[_WORKER]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = package = util.module_from_spec(spec)
    spec.loader.exec_module(package)
    import_module(f"{spec.name}.descendants").join()


def _give_way() -> None:
    spec = machinery.PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None:
        sys.modules["sitecustomize"] = module = util.module_from_spec(spec)
        spec.loader.exec_module(module)


sys.path[:] = [entry for entry in sys.path if entry != _HERE]
if sys.version_info >= (3, 10) and _WORKER not in sys.orig_argv:  # the worker itself takes the port by another way
    _join()
_give_way()
