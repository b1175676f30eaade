"""Trying the walls for real: once, in folders that the server names, before anything depends on them."""

import os
from typing import Any, NoReturn

from . import forks, guards, keeper, mounts, places
from .channel import Channel


def probe(channel: Channel) -> NoReturn:
    """Build everything, write in a session's folder: `{"error": null}` and the `guards`, or what was refused."""
    settings = channel.receive()
    assert settings is not None
    try:
        keeper.build(settings)
        first = os.fork()
        if first == 0:
            _be_first(channel, settings)
        os.waitpid(first, 0)
    except OSError as error:
        channel.send({"error": str(error)})
    os._exit(0)


def _be_first(channel: Channel, settings: "dict[str, Any]") -> NoReturn:
    try:
        keeper.settle()
        session = forks.fork(settings["namespaces"])
        if session == 0:
            mounts.enter_session({**settings, "kept": []}, settings["key"], os.path.basename(settings["code"]))
            with open(f"{places.APP}/probe", "w") as file:
                file.write("written")
            channel.send({"error": None, "guards": guards.try_all(settings)})
        else:
            os.close(os.pidfd_open(session))
            os.waitpid(session, 0)
    except OSError as error:
        channel.send({"error": str(error)})
    os._exit(0)
