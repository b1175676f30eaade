"""Whether anything will listen: an application that is started, or `module:app` for uvicorn to serve.

AgentCore calls a server on the protocol's port. A file that ends without one is a session that ends at once.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from pathlib import PurePath
from typing import Final

from agentcore_cli.config import Start
from agentcore_cli.operations.check import modules
from agentcore_cli.operations.check.calls import calls, runs_programs
from agentcore_cli.operations.check.distributions import words
from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.project import ReadProject
from agentcore_cli.operations.check.servers import SDK, imported
from agentcore_cli.operations.check.source import SourceFile

_RUN_THEMSELVES: Final = frozenset({"Flask", "Bottle"})
_ASGI: Final = frozenset({"FastAPI", "Starlette", "Quart", "Litestar", "get_asgi_application", "falcon.asgi.App"})
_WSGI: Final = frozenset({"get_wsgi_application", "make_wsgi_app", "wsgifunc", "falcon.App", "falcon.API"})
# The parameters of a function that is an application itself (PEP 3333; the ASGI specification).
_ASGI_CALL: Final = ("scope", "receive", "send")
_WSGI_CALL: Final = ("environ", "start_response")
# The last name of a call that may start a server or hand over to one.
_STARTERS: Final = words("""
    run serve serve_forever serve_http run_app run_forever run_async run_until_complete start start_server
    create_server listen main launch execv execve execvp execvpe system Popen call check_call run_module run_path
    exec eval execute_from_command_line quickstart serve_a2a serve_ag_ui run_server run_http_async
    run_streamable_http_async
""")
# Packages that start no server by being imported or used.
_NO_SERVER: Final = words("""
    anthropic attr bedrock_agentcore boto3 botocore bs4 cohere crewai dateutil dotenv httpx jinja2 langchain
    langchain_aws langchain_community langchain_core langgraph litellm mistralai numpy ollama openai pandas pydantic
    pydantic_settings redis requests rich strands strands_tools tavily tenacity tiktoken typing_extensions yaml
""")
_PASSED_ON: Final = "passed on"
# What of the SDK's application is used without anything being asked of the agent.
_NOT_HANDLING: Final = frozenset({"run", "ping", "logger", "debug", "add_middleware", "add_exception_handler"})


def application_findings(project: ReadProject, start: Start) -> Iterator[Finding]:
    """What keeps AgentCore from reaching the agent."""
    main = project.main
    if main is None:
        return
    if start.attribute is not None:
        yield from _attribute_findings(main, start.attribute)
    elif not _starts_something(project, main):
        yield _nothing_listens(project, main, start.module)
    if (app := sdk_application(main)) and len(project.sources) == 1 and _uses(main, app[0]) <= _NOT_HANDLING:
        problem = f"{app[0]} has no handler: put @{app[0]}.entrypoint above the function that answers"
        yield Finding(main.shown, app[1], problem)


def sdk_application(source: SourceFile) -> tuple[str, int] | None:
    """The name and line of `app = BedrockAgentCoreApp(...)` at the top level of a file."""
    for node in source.tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.Call):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if _last_name(node.value.func) == SDK and isinstance(target, ast.Name):
            return target.id, node.lineno
    return None


def _made_at_top_level(main: SourceFile, kinds: Collection[str], parameters: tuple[str, ...] = ()) -> str | None:
    """The name of an application at the top level of a file: made by a call of one of `kinds`, names or, where those
    mean little, dotted ones; or a function of these `parameters`.
    """
    origins = dict(imported(main.tree))
    for node in main.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            first, _, rest = ast.unparse(node.value.func).partition(".")
            dotted = ".".join(filter(None, (origins.get(first, first), rest)))
            if not {_last_name(node.value.func), dotted}.isdisjoint(kinds):
                return node.targets[0].id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            taken = tuple(argument.arg for argument in node.args.args)
            if taken and taken == parameters:
                return node.name
    return None


def _attribute_findings(main: SourceFile, attribute: str) -> Iterator[Finding]:
    name = attribute.partition(".")[0]
    names = modules.names_of(modules.Module(main.shown, main.path, None))
    if names is not None and name not in names:
        app = sdk_application(main)
        advice = f"; {app[0]} is the application" if app else ""
        yield Finding(main.shown, None, f"has no {name!r} at its top level{advice}")


def _starts_something(project: ReadProject, main: SourceFile) -> bool:
    if (app := sdk_application(main)) and len(project.sources) == 1:
        return not _uses(main, app[0]).isdisjoint({*_STARTERS, _PASSED_ON})
    return any(_last_name(call.func) in _STARTERS for source in project.sources for call in calls(source))


def _nothing_listens(project: ReadProject, main: SourceFile, module: str | None) -> Finding:
    if app := sdk_application(main):
        problem = f"{app[0]} is never started, so the session would end at once; add at the end of the file:\n"
        return Finding(main.shown, app[1], f'{problem}    if __name__ == "__main__":\n        {app[0]}.run()')
    if name := _made_at_top_level(main, _RUN_THEMSELVES):
        problem = f'{name} is never started; add at the end of the file:\n    {name}.run(host="0.0.0.0", port=8080)'
        return Finding(main.shown, None, problem, certain=False)
    if name := _made_at_top_level(main, _WSGI, _WSGI_CALL):
        problem = (
            f"nothing serves {name}, a WSGI application; require waitress, and add at the end of the file:\n"
            f'    import waitress\n    waitress.serve({name}, host="0.0.0.0", port=8080)'
        )
        return Finding(main.shown, None, problem, certain=False)
    if name := _made_at_top_level(main, _ASGI, _ASGI_CALL):
        started = f"{module or '.'.join(PurePath(main.shown).with_suffix('').parts)}:{name}"
        problem = f"nothing serves {name}: give --entrypoint {started}, which uvicorn serves, or call uvicorn.run"
        return Finding(main.shown, None, problem, certain=False)
    known = all(use.statement.root in _NO_SERVER | sys.stdlib_module_names for use in project.foreign)
    known = known and not any(map(runs_programs, project.sources))
    found = "no application and no server" if known else "nothing was found that starts a server"
    problem = (
        f"{found}: AgentCore calls the agent by HTTP; put the SDK's application around it:\n"
        f"    from bedrock_agentcore import {SDK}\n    app = {SDK}()\n    @app.entrypoint\n"
        '    def handler(payload): ...\n    if __name__ == "__main__":\n        app.run()'
    )
    return Finding(main.shown, None, problem, certain=known)


def _uses(source: SourceFile, name: str) -> set[str]:
    """The attributes of `name` that a file uses; `_PASSED_ON` where it uses it in another way."""
    attributes = {
        id(node.value): node.attr
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return {
        attributes.get(id(node), _PASSED_ON)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    }


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
