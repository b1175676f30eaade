"""What a session's container may use and do, read from inside it and from the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from agentcore_cli.formats import otlp
from agentcore_cli.operations.deploy.handed_over import hand_over
from tests.e2e.containers.engine import Engine
from tests.e2e.containers.runtime import deploy, refusal, value
from tests.exported import TRACE, as_json, as_protobuf, export, span
from tests.local_runtime import RunningServer, eventually, new_session

pytestmark = pytest.mark.timeout(600)

AGENT = Path(__file__).parents[2] / "agents" / "contained.py"
GIVEN = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a-secret-that-is-nowhere",
    "AWS_SHARED_CREDENTIALS_FILE": "/home/me/.aws/credentials",
    "AWS_PROFILE": "mine",
}


@pytest.fixture(scope="module")
def arn(server: RunningServer, image: str) -> str:
    deployed = deploy(server, image, environmentVariables={"GREETING": "hello", "OF_CONFIG": "a b=c"})
    server.local.put_credentials(deployed, GIVEN)
    return deployed


@pytest.fixture(scope="module")
def session(server: RunningServer, arn: str) -> str:
    session = new_session()
    value(server, arn, "1", session)
    return session


@pytest.fixture(scope="module")
def inspected(server: RunningServer, session: str, engine: Engine) -> dict[str, Any]:
    [container] = engine.containers(server.home.root, all=False)
    return dict(container.attrs)


def test_memory_and_processors_are_the_services(server: RunningServer, arn: str, session: str) -> None:
    """Both control group versions say it, each in a file of its own."""
    memory = (
        "next(Path(p).read_text() for p in ('/sys/fs/cgroup/memory.max',"
        " '/sys/fs/cgroup/memory/memory.limit_in_bytes') if Path(p).exists())"
    )
    assert int(value(server, arn, memory, session)) == 8 * 1024**3
    processors = (
        "[Path(p).read_text().split() for p in ('/sys/fs/cgroup/cpu.max', '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',"
        " '/sys/fs/cgroup/cpu/cpu.cfs_period_us') if Path(p).exists()]"
    )
    quota, period = (int(text) for file in value(server, arn, processors, session) for text in file)
    assert 0 < quota <= 2 * period
    processes = (
        "next(Path(p).read_text() for p in ('/sys/fs/cgroup/pids.max', '/sys/fs/cgroup/pids/pids.max')"
        " if Path(p).exists())"
    )
    assert int(value(server, arn, processes, session)) == 4096


def test_no_privileges_and_no_way_to_any(
    server: RunningServer, arn: str, session: str, inspected: dict[str, Any]
) -> None:
    """From the first process, which the engine starts: /proc/self is made up by QEMU where it emulates."""
    status = value(server, arn, "Path('/proc/1/status').read_text()", session)
    told = dict(line.split(":", 1) for line in status.splitlines())
    assert {told[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert told["NoNewPrivs"].strip() == "1"
    assert told["Seccomp"].strip() == "2"
    assert value(server, arn, "os.getuid()", session) == 10001
    assert inspected["HostConfig"]["Privileged"] is False
    assert not inspected["HostConfig"]["Binds"]


def test_the_root_is_read_only_where_the_image_says_what_it_writes_to(
    server: RunningServer, arn: str, session: str, inspected: dict[str, Any]
) -> None:
    assert inspected["HostConfig"]["ReadonlyRootfs"] is True
    for folder in ("/tmp", "/var/tmp", "/app"):
        assert value(server, arn, f"Path('{folder}/mine').write_text('x')", session) == 1
    assert value(server, arn, "sorted(path.name for path in Path('/app').iterdir())", session) == [
        "Dockerfile",
        "agent.py",
        "mine",
    ]
    assert "Read-only file system" in refusal(server, arn, "Path('/etc/mine').write_text('x')", session)


def test_the_environment_is_made(server: RunningServer, arn: str, session: str) -> None:
    seen = value(server, arn, "dict(os.environ)", session)
    assert seen["GREETING"] == "hello"
    assert seen["OF_CONFIG"] == "a b=c"
    assert seen["OF_IMAGE"] == "yes"
    assert seen["AWS_REGION"] == "us-west-2"
    assert seen["AWS_ACCESS_KEY_ID"] == GIVEN["AWS_ACCESS_KEY_ID"]
    assert seen["AWS_SECRET_ACCESS_KEY"] == GIVEN["AWS_SECRET_ACCESS_KEY"]
    assert f"cloud.resource_id={arn}/runtime-endpoint/DEFAULT" in seen["OTEL_RESOURCE_ATTRIBUTES"]
    assert not seen.keys() & {"AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AGENTCORE_HOME"}
    for path in server.home.root.rglob("*"):
        if path.is_file():
            assert GIVEN["AWS_SECRET_ACCESS_KEY"].encode() not in path.read_bytes(), path


@pytest.mark.parametrize("kind", ["json", "x-protobuf"])
def test_what_its_exporter_sends_is_in_the_session_s_trace(server: RunningServer, arn: str, kind: str) -> None:
    session, exported = new_session(), export(span(1, "chat"))
    body = as_json(exported) if kind == "json" else as_protobuf(exported)
    asked = f"os.environ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], {body!r}, {{'content-type': 'application/{kind}'}}"
    assert value(server, arn, f"urllib.request.urlopen(urllib.request.Request({asked})).status", session) == 200
    (resource,) = server.local.trace(trace_id=TRACE, session_id=session).trace.resource_spans
    (sent,) = resource.scope_spans[0].spans
    assert (sent.name, otlp.plain_attributes(sent.attributes)) == ("chat", {"session.id": session})


def test_sessions_cannot_reach_each_other(server: RunningServer, arn: str, session: str) -> None:
    other = new_session()
    address = value(server, arn, "socket.gethostbyname(socket.gethostname())", other)
    assert value(server, arn, "socket.create_connection(('127.0.0.1', 8080), 5).close()", session) is None
    outcome = refusal(server, arn, f"socket.create_connection(('{address}', 8080), 3)", session)
    assert "timed out" in outcome.lower() or "refused" in outcome.lower()


def test_output_is_in_the_sessions_log(server: RunningServer, arn: str, session: str) -> None:
    value(server, arn, "print('to stdout', flush=True) or print('to stderr', file=sys.stderr, flush=True)", session)
    record = next(record for record in server.sessions(arn) if record.session_id == session)

    def lines() -> list[str]:
        return Path(record.log).read_text().splitlines()

    eventually(lambda: len(lines()) >= 3, "both lines have come")
    first, *others = (line.split(" ", 1)[1] for line in lines())
    assert (first, set(others)) == ("starting", {"to stdout", "to stderr"})  # two pipes: nobody knows which was first
    assert all(line[10] == "T" and line[23] == "Z" for line in lines())
    assert Path(record.log).stat().st_mode & 0o777 == 0o600


def test_a_root_without_the_label_is_the_containers_own(server: RunningServer, engine: Engine) -> None:
    plain = engine.image("plain", {"agent.py": AGENT}, 'CMD ["python3", "agent.py"]')
    arn = deploy(server, plain, name="plain")
    one, other = new_session(), new_session()
    assert value(server, arn, "Path('/etc/mine').write_text('x')", one) == 1
    assert value(server, arn, "Path('/etc/mine').exists()", other) is False


def test_the_local_runtime_answers_a_session(server: RunningServer, arn: str, session: str) -> None:
    """Memory, and the runtime's own endpoints, are called from inside by the session's own URL."""
    seen = value(server, arn, "os.environ['AWS_ENDPOINT_URL_BEDROCK_AGENTCORE']", session)
    assert seen.startswith(server.info.url.replace("127.0.0.1", "host.docker.internal") + "/_session/")
    parts = urlsplit(seen)
    card = f"/runtimes/{quote(arn, safe='')}/invocations/.well-known/agent-card.json"
    for path, status in ((card, 200), ("/_local/health", 403)):  # this agent answers every GET
        connection = f"urllib.request.http.client.HTTPConnection({parts.hostname!r}, {parts.port})"
        call = f"[c := {connection}, c.request('GET', {parts.path + path!r}), c.getresponse().status][2]"
        assert value(server, arn, call, session) == status


def test_credentials_are_served_where_sdks_take_them_from(server: RunningServer, image: str, tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n"
    )
    served = deploy(server, image, name="served")
    handed = hand_over({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, None)
    server.local.put_credentials(served, handed.environment, handed.source)
    session = new_session()
    assert (
        value(server, served, "os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'][:21]", session)
        == "http://169.254.170.2:"
    )
    headers = "{'Authorization': os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']}"
    request = f"urllib.request.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'], headers={headers})"
    assert value(server, served, f"json.load(urllib.request.urlopen({request}))['AccessKeyId']", session) == "AKIAFILE"
