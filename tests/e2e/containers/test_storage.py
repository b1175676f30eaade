"""Session storage of a version whose artifact is an image: in a container that runs already."""

from __future__ import annotations

import pytest

from tests.e2e.containers.runtime import deploy, refusal, value
from tests.local_runtime import RunningServer, eventually, new_session

pytestmark = pytest.mark.timeout(600)

NOTES = "Path('/mnt/data/notes')"


@pytest.fixture(scope="module")
def storing(server: RunningServer, image: str) -> str:
    mounts = [{"sessionStorage": {"mountPath": "/mnt/data"}}]
    return deploy(server, image, name="storing", filesystemConfigurations=mounts)


def test_it_outlives_the_container_and_is_one_session_s(server: RunningServer, storing: str) -> None:
    one, other = new_session(), new_session()
    assert value(server, storing, f"{NOTES}.write_text('kept') and os.getuid()", one) == 10001
    server.data.stop_runtime_session(agentRuntimeArn=storing, runtimeSessionId=one, qualifier="DEFAULT")
    assert value(server, storing, f"{NOTES}.read_text()", one) == "kept"
    assert value(server, storing, "os.listdir('/mnt/data')", other) == []
    options = "[line.split()[5] for line in open('/proc/self/mountinfo') if line.split()[4] == '/mnt/data'][-1]"
    assert {"nodev", "nosuid"} <= set(value(server, storing, options, other).split(","))
    assert value(server, storing, "round(os.statvfs('/mnt/data').f_blocks * 4096 / 2**30, 1)", other) == 1.0
    assert "No space left" in refusal(
        server, storing, "os.posix_fallocate(os.open('/mnt/data/big', os.O_CREAT | os.O_RDWR), 0, 2**31)", other
    )


def test_it_has_no_hard_links_and_attributes(server: RunningServer, storing: str, arn: str) -> None:
    """As AgentCore's has none; what has no storage may have them."""
    session, plain = new_session(), new_session()
    make = "open('/tmp/x', 'w').close()"
    for act in ("os.link('/tmp/x', '/tmp/y')", "os.setxattr('/tmp/x', 'user.note', b'1')"):
        told = refusal(server, storing, f"({make}, {act})", session)
        assert "not permitted" in told or "not supported" in told
    assert value(server, arn, f"({make}, os.link('/tmp/x', '/tmp/y'), os.stat('/tmp/y').st_nlink)[2]", plain) == 2


def test_nothing_is_left_of_a_deleted_runtime(server: RunningServer, image: str, storing: str) -> None:
    before = set(server.home.storage.iterdir())
    mounts = [{"sessionStorage": {"mountPath": "/mnt/data"}}]
    arn = deploy(server, image, name="deleted", filesystemConfigurations=mounts)
    value(server, arn, f"{NOTES}.write_text('kept')")
    assert set(server.home.storage.iterdir()) - before
    server.control.delete_agent_runtime(agentRuntimeId=arn.rpartition("/")[2])
    eventually(lambda: set(server.home.storage.iterdir()) == before, "its storage is gone")
