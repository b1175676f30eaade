"""The entrypoint check: what is told about an agent without running it. All code here is data, nothing is imported."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agentcore_cli.config import Start
from agentcore_cli.errors import BAD_INPUT, EntrypointError
from agentcore_cli.operations.check import Subject, check_entrypoint

AGENTS = Path(__file__).parents[3] / "agents"
SDK = "bedrock-agentcore\n"
RUN = 'if __name__ == "__main__":\n    app.run()\n'
APP = "from bedrock_agentcore import BedrockAgentCoreApp\n\napp = BedrockAgentCoreApp()\n\n"
HANDLER = "@app.entrypoint\ndef handler(payload, context):\n    return payload\n\n"
GOOD = APP + HANDLER + RUN


@dataclass(frozen=True)
class Case:
    """An agent as files; `requirements` None: there is no such file. `expected`: faults, or warnings, line by line."""

    files: Mapping[str, str]
    expected: tuple[str, ...] = ()
    entrypoint: str = "handler.py"
    requirements: str | None = SDK
    python: str = "3.13"
    environment: Mapping[str, str] = field(default_factory=dict)
    brings_packages: bool = False
    own_start: bool = False

    def check(self, root: Path) -> tuple[str, ...]:
        for name, text in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        if self.requirements is not None:
            (root / "requirements.txt").write_text(self.requirements)
        name = None if self.requirements is None else "requirements.txt"
        start = Start.of(self.entrypoint, "HTTP", root)
        subject = Subject(root, start, self.python, name, self.environment, self.brings_packages, self.own_start)
        return check_entrypoint(subject, {})


def unrequired(line: int, module: str, distribution: str) -> str:
    """What is told of an import where there is no requirements file."""
    return f"handler.py:{line}: nothing is required that provides {module}: write {distribution} to requirements.txt"


def handler(text: str, **rest: object) -> Case:
    return Case({"handler.py": text}, **rest)  # type: ignore[arg-type]


FINE = {
    "SDK": handler(GOOD),
    "started at the top level": handler(APP + HANDLER + "app.run()\n"),
    "started in a function": handler(APP + HANDLER + "def main():\n    app.run(port=8080)\n\nmain()\n"),
    "started by uvicorn": handler("import uvicorn\n" + APP + HANDLER + "uvicorn.run(app, host='0.0.0.0', port=8080)\n"),
    "only a handler with payload": handler(GOOD.replace("payload, context", "payload")),
    "async generator": handler(GOOD.replace("def", "async def").replace("return", "yield")),
    "handler with star arguments": handler(GOOD.replace("payload, context", "*args, **kwargs")),
    "handler below another decorator": handler(
        GOOD.replace("def handler(payload, context)", "@needs_token\ndef handler(payload, *, token)").replace(
            "from", "from bedrock_agentcore.identity import requires_access_token as needs_token\nfrom", 1
        )
    ),
    "handler registered by a call": handler(APP + "def handler(payload):\n    pass\n\napp.entrypoint(handler)\n" + RUN),
    "http.server": handler(
        "from http.server import HTTPServer, BaseHTTPRequestHandler as H\nHTTPServer(('', 8080), H).serve_forever()\n",
        requirements=None,
    ),
    "aiohttp": handler("from aiohttp import web\nweb.run_app(web.Application())\n", requirements="aiohttp==3.14\n"),
    "fastapi as module:app": handler(
        "from fastapi import FastAPI\napp = FastAPI()\n", entrypoint="handler:app", requirements="fastapi\nuvicorn\n"
    ),
    "SDK as module:app, uvicorn comes with it": handler(APP + HANDLER, entrypoint="handler:app"),
    "application made in a branch": handler(
        "import os\n" + APP + HANDLER + "if os.environ.get('X'):\n    wrapped = app\nelse:\n    wrapped = app\n",
        entrypoint="handler:wrapped",
    ),
    "application by __getattr__": handler("def __getattr__(name):\n    return None\n", entrypoint="handler:app"),
    "application in a package": Case({"bots/__init__.py": APP + HANDLER}, entrypoint="bots:app"),
    "module in a package with relative imports": Case(
        {
            "bots/__init__.py": "",
            "bots/tools.py": "def f(): ...\n",
            "bots/main.py": "from .tools import f\nfrom . import tools\n" + GOOD,
        },
        entrypoint="bots.main:app",
    ),
    "script in a folder imports its neighbour": Case(
        {"src/handler.py": "import tools\n" + GOOD, "src/tools.py": ""}, entrypoint="src/handler.py"
    ),
    "server in a module of the project": Case(
        {
            "handler.py": "from service import serve\nserve()\n",
            "service.py": APP + HANDLER + "def serve():\n    app.run()\n",
        }
    ),
    "application in a module of the project": Case(
        {"handler.py": "from service import app\n" + HANDLER + RUN, "service.py": APP}
    ),
    "boto3 comes with the SDK": handler("import boto3\n" + GOOD),
    "pydantic comes with strands": handler(
        "import pydantic\nimport strands\n" + GOOD, requirements=SDK + "strands-agents\n"
    ),
    "names that differ": handler(
        "import yaml, PIL, strands_tools, dotenv, jwt, dateutil.parser, google.genai\n" + GOOD,
        requirements=SDK
        + "PyYAML>=6\nPillow\nstrands_agents.tools\npython-dotenv\nPyJWT[crypto]\npython_dateutil\ngoogle-genai\n",
    ),
    "requirement with a marker, an extra and a hash": handler(
        "import httpx\n" + GOOD,
        requirements=SDK + 'httpx[http2]==0.28.1 ; python_version > "3.8" \\\n    --hash=sha256:00\n',
    ),
    "optional import": handler("try:\n    import ujson\nexcept ImportError:\n    ujson = None\n" + GOOD),
    "suppressed import": handler(
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import ujson\n" + GOOD
    ),
    "import for type checkers": handler(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import ujson\n" + GOOD
    ),
    "context by getattr": handler(GOOD.replace("return payload", "return getattr(context, 'actor_id', None)")),
    "context that is asked first": handler(
        GOOD.replace("return payload", "return context.actor_id if hasattr(context, 'actor_id') else None")
    ),
    "context that may fail": handler(
        GOOD.replace(
            "    return payload",
            "    try:\n        return context.actor_id\n    except AttributeError:\n        return None",
        )
    ),
    "context's own fields": handler(
        GOOD.replace("return payload", "return [context.session_id, context.request_headers]")
    ),
    "standard library of a newer Python": handler("import compression.zstd\n" + GOOD, python="3.14"),
    "latin-1 source": handler("# -*- coding: latin-1 -*-\n" + GOOD),
}


@pytest.mark.parametrize("case", FINE.values(), ids=FINE.keys())
def test_a_good_agent_passes_without_a_word(case: Case, tmp_path: Path) -> None:
    assert case.check(tmp_path) == ()


NO_MODULE = "there is no module bedrock_agentcore.context; write: from bedrock_agentcore import RequestContext"

FAULTS = {
    "missing file": Case({}, ("handler.py: there is no such file",)),
    "syntax error": handler(
        "def f(:\n    pass\n", expected=("handler.py:1: syntax error in Python 3.13: invalid syntax", "    def f(:")
    ),
    "not indented": handler(
        "def f():\npass\n",
        expected=(
            "handler.py:2: syntax error in Python 3.13: expected an indented block after function definition on line 1",
            "    pass",
        ),
    ),
    "syntax error in a module of the project": Case(
        {"handler.py": "import tools\n" + GOOD, "tools.py": "x = = 1\n"},
        ("tools.py:1: syntax error in Python 3.13: invalid syntax", "    x = = 1"),
    ),
    "no application and no server": handler("def handler(payload):\n    return payload\n"),
    "an agent without a server": handler(
        "from strands import Agent\nagent = Agent()\nprint(agent('hi'))\n", requirements="strands-agents\n"
    ),
    "application that is never started": handler(
        APP + HANDLER,
        expected=(
            "handler.py:3: app is never started, so the session would end at once; add at the end of the file:",
            '    if __name__ == "__main__":',
            "        app.run()",
        ),
    ),
    "application that is never started, though something else runs": handler(
        "import asyncio\n" + APP + HANDLER + "def f():\n    asyncio.run(g())\n",
        expected=(
            "handler.py:4: app is never started, so the session would end at once; add at the end of the file:",
            '    if __name__ == "__main__":',
            "        app.run()",
        ),
    ),
    "application without a handler": handler(
        APP + "@app.ping\ndef ping(): ...\n" + RUN,
        expected=("handler.py:3: app has no handler: put @app.entrypoint above the function that answers",),
    ),
    "module:app, no such name": handler(
        APP + HANDLER,
        entrypoint="handler:application",
        expected=("handler.py: has no 'application' at its top level; app is the application",),
    ),
    "module:app, no such module": handler(
        GOOD, entrypoint="handlr:app", expected=("module handlr is missing: there is no handlr.py in {root}",)
    ),
    "module:app, nothing to serve it": handler(
        "from flask import Flask\napp = Flask('x')\n",
        entrypoint="handler:app",
        requirements=None,
        expected=(
            unrequired(1, "flask", "flask"),
            unrequired(1, "uvicorn", "uvicorn"),
        ),
    ),
    "context by another name": handler(
        GOOD.replace("context", "ctx"),
        expected=(
            "handler.py:6: handler has a second parameter 'ctx', which the SDK passes only if it is named exactly "
            "'context'; write def handler(payload, context)",
        ),
    ),
    "handler without parameters": handler(
        GOOD.replace("payload, context", "").replace("return payload", "return 1"),
        expected=(
            "handler.py:6: handler can't be called with what the SDK passes, the payload and the context; "
            "write def handler(payload, context)",
        ),
    ),
    "handler with a third parameter": handler(
        GOOD.replace("context", "context, extra"),
        expected=("handler.py:6: handler needs extra, which nobody passes: the SDK passes payload and context",),
    ),
    "handler with the context as a keyword": handler(
        GOOD.replace("payload, context", "payload, *, context"),
        expected=(
            "handler.py:6: handler can't be called with what the SDK passes, the payload and the context; "
            "write def handler(payload, context)",
        ),
    ),
    "context.actor_id": handler(
        GOOD.replace("return payload", "return context.actor_id"),
        expected=(
            "handler.py:7: RequestContext has no actor_id (it has session_id, request_headers, request); "
            'the caller says who it is: payload.get("actor_id")',
        ),
    ),
    "context.memory_id, by its annotation": handler(
        APP + "def remember(c: 'RequestContext'):\n    return c.memory_id\n\n" + HANDLER + RUN,
        expected=(
            "handler.py:6: RequestContext has no memory_id (it has session_id, request_headers, request); "
            'the environment has it: os.environ["MEMORY_ID"]',
        ),
    ),
    "a module that the SDK never had": handler(
        "from bedrock_agentcore.context import RequestContext\n" + GOOD, expected=(f"handler.py:1: {NO_MODULE}",)
    ),
    "nothing required": handler(
        GOOD,
        requirements=None,
        expected=(unrequired(1, "bedrock_agentcore", "bedrock-agentcore"),),
    ),
    "nothing required in the file": handler(
        GOOD,
        requirements="# later\n",
        expected=(
            "handler.py:1: no requirement provides bedrock_agentcore: add bedrock-agentcore to requirements.txt",
        ),
    ),
    "removed from the standard library": handler(
        "import telnetlib\nfrom distutils.util import strtobool\n" + GOOD,
        requirements=None,
        expected=(
            "handler.py:1: telnetlib left the standard library in Python 3.13",
            "handler.py:2: distutils left the standard library in Python 3.12",
            unrequired(3, "bedrock_agentcore", "bedrock-agentcore"),
        ),
    ),
    "a file beside the folder of its name": Case(
        {"handler.py": "import bots.tools\n" + GOOD, "bots.py": "", "bots/tools.py": ""},
        (
            "handler.py:1: the project has no module bots.tools: bots.py hides the folder bots, until that has an "
            "__init__.py",
        ),
    ),
    "no such module in the project": Case(
        {"handler.py": "import bots.tools\n" + GOOD, "bots/__init__.py": ""},
        ("handler.py:1: the project has no module bots.tools",),
    ),
    "no such name in a module of the project": Case(
        {"handler.py": "from tools import add, subtract\n" + GOOD, "tools.py": "def add(a, b): ...\n"},
        ("handler.py:1: tools has no subtract",),
    ),
    "relative import in a script": Case(
        {"handler.py": "from .tools import add\n" + GOOD, "tools.py": "def add(): ...\n"},
        ("handler.py:1: a file that runs as a script has no package; import without the leading dot",),
    ),
    "requirements that include a missing file": handler(
        GOOD, requirements=SDK + "-r more.txt\n", expected=("requirements.txt:2: more.txt: there is no such file",)
    ),
    "everything at once": handler(
        "from bedrock_agentcore.context import RequestContext\n"
        + GOOD.replace("return payload", "return context.user_id"),
        expected=(
            f"handler.py:1: {NO_MODULE}",
            "handler.py:8: RequestContext has no user_id (it has session_id, request_headers, request); "
            'the caller says who it is: payload.get("actor_id")',
        ),
    ),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS.keys())
def test_a_definite_fault_is_told_with_file_and_line(case: Case, tmp_path: Path) -> None:
    with pytest.raises(EntrypointError) as caught:
        case.check(tmp_path)
    assert caught.value.exit_code == BAD_INPUT
    expected = tuple(line.replace("{root}", str(tmp_path)) for line in case.expected)
    if expected:
        assert tuple(caught.value.message.splitlines()) == expected
    else:
        assert caught.value.message.startswith(
            "handler.py: no application and no server: AgentCore calls the agent by HTTP"
        )


DOUBTS = {
    "the image may start something else": handler(
        APP + HANDLER,
        own_start=True,
        expected=(
            "handler.py:3: app is never started, so the session would end at once; add at the end of the file:",
            '    if __name__ == "__main__":',
            "        app.run()",
        ),
    ),
    "import in a function": handler(
        "def f():\n    import redis\n" + GOOD,
        requirements="-e .\n" + SDK,
        expected=("handler.py:2: can't tell which requirement provides redis; if none: add redis to requirements.txt",),
    ),
    "the image may have it": handler(
        "import redis\n" + GOOD,
        brings_packages=True,
        requirements=None,
        expected=(
            unrequired(1, "redis", "redis"),
            unrequired(2, "bedrock_agentcore", "bedrock-agentcore"),
        ),
    ),
    "modules elsewhere by sys.path": handler(
        "import sys\nsys.path.append('/opt')\nimport tools\n" + GOOD,
        requirements=None,
        expected=(
            unrequired(3, "tools", "the package that has it"),
            unrequired(4, "bedrock_agentcore", "bedrock-agentcore"),
        ),
    ),
    "modules elsewhere by PYTHONPATH": handler(
        GOOD,
        environment={"PYTHONPATH": "/opt"},
        requirements=None,
        expected=(unrequired(1, "bedrock_agentcore", "bedrock-agentcore"),),
    ),
    "a package of unknown content": handler(
        "import acme\nacme.begin()\n",
        requirements="git+https://example.com/acme-tools.git\n",
        expected=(
            "handler.py: nothing was found that starts a server: AgentCore calls the agent by HTTP; put the SDK's "
            "application around it:",
            "    from bedrock_agentcore import BedrockAgentCoreApp",
            "    app = BedrockAgentCoreApp()",
            "    @app.entrypoint",
            "    def handler(payload): ...",
            '    if __name__ == "__main__":',
            "        app.run()",
            "handler.py:1: can't tell which requirement provides acme; if none: "
            "add the package that has it to requirements.txt",
        ),
    ),
    "an ASGI application that nothing serves": handler(
        "from starlette.applications import Starlette\nserved = Starlette()\n",
        requirements="starlette\n",
        expected=(
            "handler.py: nothing serves served: give --entrypoint handler:served, which uvicorn serves, or call "
            "uvicorn.run",
        ),
    ),
    "a WSGI application that nothing starts": handler(
        "from flask import Flask\nserved = Flask(__name__)\n",
        requirements="flask\n",
        expected=(
            "handler.py: served is never started; add at the end of the file:",
            '    served.run(host="0.0.0.0", port=8080)',
        ),
    ),
    **{
        f"a WSGI application that has no server of its own: {name}, {made}": handler(
            source,
            requirements=f"{name.lower()}\n",
            expected=(
                f"handler.py: nothing serves {made}, a WSGI application; require waitress, and add at the end of the "
                "file:",
                "    import waitress",
                f'    waitress.serve({made}, host="0.0.0.0", port=8080)',
            ),
        )
        for name, made, source in (
            ("Falcon", "app", "import falcon\napp = falcon.App()\n"),
            ("Falcon", "api", "from falcon import App as Falcon\napi = Falcon()\n"),
            ("Pyramid", "app", "from pyramid.config import Configurator\napp = Configurator().make_wsgi_app()\n"),
            (
                "Django",
                "served",
                "from django.core.wsgi import get_wsgi_application\nserved = get_wsgi_application()\n",
            ),
            ("", "answer", "def answer(environ, start_response):\n    return []\n"),
        )
    },
    "an ASGI application of a package whose others are WSGI": handler(
        "import falcon.asgi\napp = falcon.asgi.App()\n",
        requirements="falcon\n",
        expected=(
            "handler.py: nothing serves app: give --entrypoint handler:app, which uvicorn serves, or call uvicorn.run",
        ),
    ),
    "an ASGI application that is a function": handler(
        "async def answer(scope, receive, send): ...\n",
        requirements="uvicorn\n",
        expected=(
            "handler.py: nothing serves answer: give --entrypoint handler:answer, which uvicorn serves, or call "
            "uvicorn.run",
        ),
    ),
    "a WSGI application that waitress serves": handler(
        'import falcon\nimport waitress\napp = falcon.App()\nwaitress.serve(app, host="0.0.0.0", port=8080)\n',
        requirements="falcon\nwaitress\n",
        expected=(),
    ),
    "a server of a framework that starts it by a call of its own": handler(
        "import cherrypy\ncherrypy.quickstart(object())\n", requirements="cherrypy\n", expected=()
    ),
    "a field that the context may not have": handler(
        GOOD.replace("return payload", "return context.sesion_id"),
        expected=(
            "handler.py:7: RequestContext has no sesion_id (it has session_id, request_headers, request); "
            "did you mean session_id?",
        ),
    ),
}


@pytest.mark.parametrize("case", DOUBTS.values(), ids=DOUBTS.keys())
def test_a_doubt_is_a_warning(case: Case, tmp_path: Path) -> None:
    assert tuple("\n".join(case.check(tmp_path)).splitlines()) == case.expected


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        ("seed_strands_claude_context.py", "strands-agents\nstrands-agents-tools\nbedrock-agentcore\n"),
        ("seed_understand_agent_context.py", "strands-agents\nbedrock-agentcore\n"),
        ("seed_session_handler.py", "bedrock-agentcore\n"),
    ],
)
def test_published_agents_pass(name: str, requirements: str, tmp_path: Path) -> None:
    assert handler((AGENTS / name).read_text(), requirements=requirements).check(tmp_path) == ()


def test_null_bytes_are_told(tmp_path: Path) -> None:
    with pytest.raises(EntrypointError, match=r"^handler\.py.*: source code string cannot contain null bytes"):
        handler("a = 1\0\n").check(tmp_path)


def test_a_program_that_is_waited_for_may_be_the_server(tmp_path: Path) -> None:
    """`subprocess.run(["gunicorn", ...])` is one way to start a server; a tool of an agent is another."""
    case = handler("import subprocess\nsubprocess.run(['gunicorn', 'app:app'])\n", requirements=None)
    (warning,) = case.check(tmp_path)
    assert warning.startswith("handler.py: nothing was found that starts a server")


def test_django_s_own_server_is_one(tmp_path: Path) -> None:
    case = Case({"manage.py": "from django.core.management import execute_from_command_line as run\nrun([])\n"})
    assert not any("no server" in warning for warning in replace(case, entrypoint="manage.py").check(tmp_path))
    other = "from django.core.management import execute_from_command_line\nexecute_from_command_line([])\n"
    assert not any("no server" in line for line in Case({"manage.py": other}, entrypoint="manage.py").check(tmp_path))
