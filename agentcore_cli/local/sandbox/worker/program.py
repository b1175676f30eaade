"""Running a program in this process as `python` would run it, and following it when it executes `python` itself."""

import builtins
import io
import os
import runpy
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any, NoReturn

Start = list[str]
Environment = dict[str, str]


def run(start: Start, ours: str) -> NoReturn:
    """Run argv `start` and exit. A traceback is printed once, without the frames of the folder `ours`."""
    try:
        execute(start)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        print_traceback(error, ours)
        sys.exit(1)
    sys.exit(0)


def execute(start: Start) -> None:
    """Run argv `start` (after the interpreter) as `__main__`: `["handler.py", …]` or `["-m", "module", …]`."""
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __annotations__={}, __spec__=None)
    sys.modules["__main__"] = main
    sys.orig_argv = [sys.executable, *start]  # what reloaders (Flask's `debug=True`) start anew
    if start[0] == "-m":
        sys.argv = ["-m", *start[2:]]
        runpy._run_module_as_main(start[1])  # type: ignore[attr-defined]
        return
    sys.argv = list(start)
    path = os.path.abspath(start[0])
    main.__dict__.update(
        __file__=path, __cached__=None, __package__=None, __loader__=SourceFileLoader("__main__", path)
    )
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        sys.stderr.write(f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}\n")
        sys.exit(2)
    exec(compile(source, path, "exec"), main.__dict__)  # noqa: S102 (this is the user's program)


def print_traceback(error: BaseException, ours: str) -> None:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def follow_executions(execute_interpreter: "Callable[[str, Start, Environment], NoReturn]") -> None:
    """When the program executes its own interpreter (`opentelemetry-instrument` does), go along with it."""
    original_execv, original_execve = os.execv, os.execve

    def execv(path: Any, arguments: Any) -> None:
        if is_followed(path, arguments):
            execute_interpreter(path, list(arguments[1:]), dict(os.environ))
        original_execv(path, arguments)

    def execve(path: Any, arguments: Any, environment: Any) -> None:
        if is_followed(path, arguments):
            execute_interpreter(path, list(arguments[1:]), dict(environment))
        original_execve(path, arguments, environment)

    os.execv, os.execve = execv, execve  # type: ignore[assignment]


def is_followed(path: Any, arguments: "Sequence[Any]") -> bool:
    """Whether this is our interpreter with a script or a module to run, and no options of its own."""
    if not isinstance(path, str) or os.path.realpath(path) != os.path.realpath(sys.executable):
        return False
    return len(arguments) > 1 and (arguments[1] == "-m" or not str(arguments[1]).startswith("-"))
