"""Session storage: when it is there, what outlives what, and what goes with what. As the service promises it."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from tests.local_runtime import RunningServer, eventually, new_session, runtime_id
from tests.processes import kill

STORING = Path(__file__).parents[3] / "agents" / "storing.py"
MOUNTS = [{"sessionStorage": {"mountPath": "/mnt/data/"}}]
SETTINGS: dict[str, Any] = {
    "filesystemConfigurations": MOUNTS,
    "lifecycleConfiguration": {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28_800},
}
LIST = "import os; result = sorted(os.listdir(place))"
DAY = 86_400


@pytest.fixture(scope="module")
def arn(server: RunningServer) -> str:
    return server.deploy(STORING, **SETTINGS)


@pytest.fixture
def fresh(server: RunningServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """A runtime of the test's own."""
    made = server.deploy(STORING, name=request.node.originalname[:40], **SETTINGS)
    yield made
    delete(server, made)


def run(server: RunningServer, arn: str, session: str, source: str) -> Any:
    """What a piece of code in the session leaves as `result`, or the name of the error that it ends with."""
    answer = server.invoke(arn, json.dumps({"run": source}).encode(), session)
    assert answer.status == 200, answer.body
    told = answer.json()
    return told.get("error", told.get("result"))


def stop(server: RunningServer, arn: str, session: str) -> None:
    server.data.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=session, qualifier="DEFAULT")


def delete(server: RunningServer, arn: str) -> None:
    where = {"agentRuntimeId": runtime_id(arn)}
    for endpoint in endpoints(server, arn):
        if endpoint["name"] != "DEFAULT":
            server.control.delete_agent_runtime_endpoint(**where, endpointName=endpoint["name"])
            eventually(lambda: len(endpoints(server, arn)) == 1, "the endpoint is gone")
    server.control.delete_agent_runtime(**where)
    eventually(lambda: runtime_id(arn) not in names(server), "the runtime is gone")


def endpoints(server: RunningServer, arn: str) -> list[dict[str, Any]]:
    found = server.control.list_agent_runtime_endpoints(agentRuntimeId=runtime_id(arn))["runtimeEndpoints"]
    return list(found)


def names(server: RunningServer) -> list[str]:
    return [shown["agentRuntimeId"] for shown in server.control.list_agent_runtimes()["agentRuntimes"]]


def kept(server: RunningServer) -> set[str]:
    return {folder.name for folder in server.home.storage.iterdir()}


def write(server: RunningServer, arn: str, session: str, name: str = "notes") -> None:
    assert run(server, arn, session, f"open(place + '/{name}', 'w').write('kept'); result = 1") == 1


def test_it_is_there_for_a_call_and_not_while_the_agent_initializes(server: RunningServer, arn: str) -> None:
    session = new_session()
    assert run(server, arn, session, "result = seen")[1:] in ([[], "OSError"], [[], "FileNotFoundError"])
    assert run(server, arn, session, LIST) == []
    assert run(server, arn, session, "open(place + '/x', 'w').close(); result = 'written'") == "written"


def test_it_is_kept_over_a_stop_with_the_modes_of_its_files(server: RunningServer, arn: str) -> None:
    session = new_session()
    made = "import os; os.mkdir(place + '/d'); os.symlink('x', place + '/d/l'); os.chmod(place + '/x', 0o741)"
    assert run(server, arn, session, f"open(place + '/x', 'w').write('hello'); {made}") is None
    stop(server, arn, session)
    look = "result = [oct(os.stat(place + '/x').st_mode), open(place + '/x').read(), os.readlink(place + '/d/l')]"
    assert run(server, arn, session, f"import os; {look}") == ["0o100741", "hello", "x"]


LACKING = """
import os
file = os.open(place + '/x', os.O_RDWR | os.O_CREAT)
result = []
for act in (lambda: os.link(place + '/x', place + '/y'), lambda: os.setxattr(place + '/x', 'user.note', b'1')):
    try:
        act()
    except OSError as error:
        result.append(error.errno)
os.posix_fallocate(file, 0, 8192)
os.rename(place + '/x', place + '/z')
result += [os.fstat(file).st_size, sorted(os.listdir(place))]
"""


def test_it_has_no_hard_links_and_attributes_and_programs_do_without(server: RunningServer, arn: str) -> None:
    if not has(server, "filter of system calls"):
        pytest.skip("no filter of system calls here")
    assert run(server, arn, new_session(), LACKING) == [errno.EPERM, errno.EOPNOTSUPP, 8192, ["z"]]


def test_a_session_without_storage_has_hard_links(server: RunningServer) -> None:
    plain = server.deploy(STORING, name="plain")
    linked = "import os; open('/tmp/x', 'w').close(); os.link('/tmp/x', '/tmp/y'); result = os.stat('/tmp/x').st_nlink"
    assert run(server, plain, new_session(), linked) == 2
    delete(server, plain)


def test_it_is_kept_over_the_idle_timeout_and_the_maximum_lifetime(server: RunningServer, arn: str) -> None:
    session = new_session()
    write(server, arn, session)
    server.local.advance_clock(16 * 60)
    assert run(server, arn, session, LIST) == ["notes"]
    server.local.advance_clock(9 * 3600)
    assert run(server, arn, session, LIST) == ["notes"]


def test_another_id_and_another_runtime_have_their_own(server: RunningServer, arn: str, fresh: str) -> None:
    session = new_session()
    write(server, arn, session)
    assert run(server, arn, new_session(), LIST) == []
    assert run(server, fresh, session, LIST) == []


def test_it_is_kept_when_its_agent_is_killed(server: RunningServer, arn: str) -> None:
    session = new_session()
    write(server, arn, session)
    server.invoke(arn, b'{"run": "import os; os._exit(3)"}', session)
    eventually(lambda: run_or_none(server, arn, session) == ["notes"], "the next session has it")


def run_or_none(server: RunningServer, arn: str, session: str) -> Any:
    answer = server.invoke(arn, json.dumps({"run": LIST}).encode(), session)
    return answer.json().get("result") if answer.status == 200 else None


def test_a_new_version_begins_with_none_and_living_sessions_keep_theirs(server: RunningServer, fresh: str) -> None:
    old, living, others = new_session(), new_session(), kept(server)
    write(server, fresh, old)
    stop(server, fresh, old)
    write(server, fresh, living)
    before = kept(server) - others
    server.update(fresh, STORING, environmentVariables={"A": "b"}, **SETTINGS)
    eventually(lambda: len(before - kept(server)) == 1, "what no session has is removed at once")
    assert run(server, fresh, living, LIST) == ["notes"]
    assert run(server, fresh, old, LIST) == []
    stop(server, fresh, living)
    eventually(lambda: not before & kept(server), "the other goes with its session")
    assert run(server, fresh, living, LIST) == []


def test_going_back_to_an_earlier_version_finds_nothing(server: RunningServer, fresh: str) -> None:
    where = {"agentRuntimeId": runtime_id(fresh), "endpointName": "pinned"}
    server.control.create_agent_runtime_endpoint(agentRuntimeId=runtime_id(fresh), name="pinned")
    eventually(lambda: server.control.get_agent_runtime_endpoint(**where)["status"] == "READY", "it is there")
    session = new_session()
    body = json.dumps({"run": "open(place + '/x', 'w').close()"}).encode()
    called = {"agentRuntimeArn": fresh, "runtimeSessionId": session, "qualifier": "pinned"}
    server.data.invoke_agent_runtime(**called, payload=body)["response"].read()
    server.data.stop_runtime_session(**called)
    server.update(fresh, STORING, environmentVariables={"A": "c"}, **SETTINGS)
    for version in ("2", "1"):
        server.control.update_agent_runtime_endpoint(**where, agentRuntimeVersion=version)
        eventually(
            lambda version=version: server.control.get_agent_runtime_endpoint(**where).get("liveVersion") == version,
            "it has moved",
        )
    answer = server.data.invoke_agent_runtime(**called, payload=json.dumps({"run": LIST}).encode())
    assert json.loads(answer["response"].read()) == {"result": []}


def test_fourteen_days_without_a_call_remove_it(server: RunningServer, fresh: str) -> None:
    used, unused = new_session(), new_session()
    before = kept(server)
    write(server, fresh, used)
    write(server, fresh, unused)
    mine = kept(server) - before
    server.local.advance_clock(8 * DAY)
    assert run(server, fresh, used, LIST) == ["notes"]
    server.local.advance_clock(7 * DAY)
    eventually(lambda: len(mine & kept(server)) == 1, "nothing of it is left on the disk")
    assert run(server, fresh, used, LIST) == ["notes"]
    assert run(server, fresh, unused, LIST) == []


def test_a_deleted_runtime_leaves_nothing_on_the_disk(server: RunningServer) -> None:
    arn = server.deploy(STORING, name="deleted", **SETTINGS)
    before = kept(server)
    write(server, arn, new_session())
    mine = kept(server) - before
    assert len(mine) == 1
    delete(server, arn)
    assert not mine & kept(server)


def test_commands_see_it_too(server: RunningServer, arn: str) -> None:
    session = new_session()
    write(server, arn, session)
    answer = server.data.invoke_agent_runtime_command(
        agentRuntimeArn=arn, runtimeSessionId=session, body={"command": "cat /mnt/data/notes; echo more > /mnt/data/c"}
    )
    said = b"".join(
        event["chunk"]["contentDelta"].get("stdout", "").encode()
        for event in answer["stream"]
        if "contentDelta" in event.get("chunk", {})
    )
    assert said == b"kept"
    assert run(server, arn, session, LIST) == ["c", "notes"]


@pytest.mark.long
def test_it_holds_one_gigabyte_while_it_is_written_to(server: RunningServer, arn: str) -> None:
    if not has(server, "session storage limit"):
        pytest.skip("the kernel does not limit it here")
    session = new_session()
    fill = """
import os
got = 0
try:
    with open(place + '/big', 'wb') as file:
        while got < 4096:
            os.posix_fallocate(file.fileno(), got << 20, 16 << 20)
            got += 16
except OSError as error:
    result = [got, error.errno]
"""
    got, error = run(server, arn, session, fill)
    assert (1008 <= got <= 1040, error) == (True, 28)  # ENOSPC
    record = next(record for record in server.sessions(arn) if record.session_id == session)
    assert record.storage_bytes is not None
    assert 1000 << 20 < record.storage_bytes < 1100 << 20
    assert (
        run(server, arn, session, "import os; os.unlink(place + '/big'); open(place + '/x', 'w').write('x' * 9)")
        is None
    )


def has(server: RunningServer, protection: str) -> bool:
    return any(wall["name"] == protection and wall["active"] for wall in server.local.health().protections)


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.mkfifo(place + '/f')",
        "import os; os.mknod(place + '/n', 0o20666, os.makedev(1, 3))",
        "import socket; socket.socket(socket.AF_UNIX).bind(place + '/s')",
    ],
    ids=["fifo", "device", "socket"],
)
def test_what_is_neither_file_nor_folder_nor_link_is_refused(server: RunningServer, arn: str, source: str) -> None:
    walls = {wall["name"]: wall["active"] for wall in server.local.health().protections}
    if not walls.get("landlock"):
        pytest.skip("no landlock here")
    assert run(server, arn, new_session(), source) == "PermissionError"


def test_other_file_systems_are_refused_in_one_line(server: RunningServer) -> None:
    access_point = "arn:aws:elasticfilesystem:us-west-2:000000000000:access-point/fsap-0123456789abcdef0"
    mounts = [*MOUNTS, {"efsAccessPoint": {"accessPointArn": access_point, "mountPath": "/mnt/efs"}}]
    created = server.control.create_agent_runtime(
        agentRuntimeName="on_efs",
        agentRuntimeArtifact=server.put(STORING),
        roleArn="arn:aws:iam::000000000000:role/AmazonBedrockAgentCoreLocal",
        networkConfiguration={"networkMode": "PUBLIC"},
        filesystemConfigurations=mounts,
    )
    where = {"agentRuntimeId": created["agentRuntimeId"]}
    shown = eventually(
        lambda: (now := server.control.get_agent_runtime(**where))["status"] == "CREATE_FAILED" and now, "it failed"
    )
    assert shown["failureReason"] == (
        "filesystemConfigurations: efsAccessPoint is on AWS alone: the local runtime mounts sessionStorage and no "
        "other file system"
    )
    server.control.delete_agent_runtime(**where)


@pytest.mark.long
def test_who_comes_while_it_is_stopped_waits_for_its_end(server: RunningServer, arn: str) -> None:
    """Nobody ever meets a half-written file system, or another than the session's own."""
    session = new_session()
    count = "import os\npath = place + '/count'\nn = int(open(path).read()) + 1 if os.path.exists(path) else 1"
    step = f"{count}\nopen(path + '.new', 'w').write(str(n))\nos.replace(path + '.new', path)\nresult = n"
    reached, over = 0, threading.Event()

    def stop_again_and_again() -> None:
        while not over.is_set():
            try:
                stop(server, arn, session)
            except ClientError:
                continue

    with ThreadPoolExecutor(1) as pool:
        stopping = pool.submit(stop_again_and_again)
        try:
            while reached < 12:
                with contextlib.suppress(http.client.HTTPException):  # an answer that the stop cut
                    answer = server.invoke(arn, json.dumps({"run": step}).encode(), session)
                    if answer.status == 200:
                        assert answer.json()["result"] > reached
                        reached = answer.json()["result"]
        finally:
            over.set()
        stopping.result()


@pytest.mark.long
def test_a_killed_server_loses_nothing_and_leaves_nothing(home: Home) -> None:
    first = RunningServer(home)
    arn, session, another = first.deploy(STORING, **SETTINGS), new_session(), new_session()
    write(first, arn, session)
    (home.storage / "half-made").mkdir()
    (home.storage / "half-made" / "image.new").write_bytes(b"x")
    kill(first.info.pid)
    first.close()
    eventually(lambda: daemon.running(home) is None, "the server is gone")
    second = RunningServer(home)
    assert run(second, arn, session, "result = open(place + '/notes').read()") == "kept"
    assert run(second, arn, another, LIST) == []
    eventually(lambda: not (home.storage / "half-made").exists(), "what belongs to nobody is removed")
    second.control.delete_agent_runtime(agentRuntimeId=runtime_id(arn))
    eventually(lambda: list(home.storage.iterdir()) == [], "nothing is left of the last runtime")
    second.close()
