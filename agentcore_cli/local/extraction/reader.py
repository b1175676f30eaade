"""The program inside: for each line, a request, call `extract` of the project's file, and answer with a line.

    python reader.py FILE PORT

It is run by the agent's interpreter, and nothing of ours is there but this file. A request has `event` and
`strategies`, an answer `texts` and `failed` by the ids of strategies.
"""

import importlib.util
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any

FUNCTION = "extract"
TEXTS_MAX = 100
TEXT_MAX = 16_000  # characters of a record (BatchCreateMemoryRecords)


def load(file: str) -> "Callable[[dict[str, Any], dict[str, Any]], Iterable[str]]":
    """The function of that name in a file of the project. Raises whatever its import does."""
    path = os.path.abspath(file)
    sys.path[:0] = [os.path.dirname(path), os.getcwd()]
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function = getattr(module, FUNCTION, None)
    if not callable(function):
        sys.exit(f"{file}: it has no function {FUNCTION}(strategy, event)")
    return function  # type: ignore[no-any-return]


def answer(extract: "Callable[[dict[str, Any], dict[str, Any]], Iterable[str]]", line: bytes) -> "dict[str, Any]":
    """What the function finds, strategy by strategy: one that fails does not harm the others."""
    request = json.loads(line)
    texts: dict[str, list[str]] = {}
    failed: dict[str, str] = {}
    for strategy in request["strategies"]:
        try:
            texts[strategy["strategyId"]] = checked(extract(strategy, request["event"]))
        except Exception as error:
            traceback.print_exc()
            failed[strategy["strategyId"]] = f"{type(error).__name__}: {error}"[:500]
    return {"texts": texts, "failed": failed}


def checked(found: Any) -> "list[str]":
    """Raises ValueError, TypeError for what is no list of texts."""
    if found is None or isinstance(found, (str, bytes)):
        raise TypeError(f"{FUNCTION} gives a list of texts, not {type(found).__name__}")
    texts = list(found)
    if len(texts) > TEXTS_MAX:
        raise ValueError(f"{FUNCTION} gave {len(texts)} texts, at most {TEXTS_MAX} are taken")
    for text in texts:
        if not isinstance(text, str) or not 1 <= len(text) <= TEXT_MAX:
            raise ValueError(f"{FUNCTION} gives texts of 1 to {TEXT_MAX} characters")
    return texts


def main() -> None:
    file, port = sys.argv[1], int(sys.argv[2])
    extract = load(file)
    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    listener.listen()
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as stream:
            for line in stream:
                stream.write(json.dumps(answer(extract, line)).encode() + b"\n")
                stream.flush()


if __name__ == "__main__":
    main()
