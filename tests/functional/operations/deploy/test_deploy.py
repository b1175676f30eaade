"""What a deploy makes, what it leaves alone, and what it does when things have changed behind our back."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from agentcore_cli import files
from agentcore_cli.engine import Action
from agentcore_cli.errors import ConflictError, EntrypointError, InputError
from agentcore_cli.events import Event, Note, Step
from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from agentcore_cli.operations.deploy.endpoints import EndpointRequest, create_endpoint
from agentcore_cli.operations.deploy.plan import plan
from agentcore_cli.operations.deploy.rollback import RollbackRequest, rollback
from agentcore_cli.resources.deployment import Overrides
from tests.fakes.wheel import make_wheel
from tests.functional.operations.deploy.workshop import HANDLER, Workshop, control_plane, inventory, stored
from tests.local_runtime import RunningServer, eventually, new_session
from tests.long_cases import always

NAME = "bot_local_4a6d04"
ONE = {NAME: ("READY", 1, "1")}


def actions(workshop: Workshop) -> dict[str, Action]:
    return {change.key: change.action for change in workshop.plan().changes}


def test_the_first_deploy_makes_one_runtime_and_says_so(workshop: Workshop, home: Home) -> None:
    result = workshop.deploy()
    assert inventory(home) == ONE
    assert result.arn == f"arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/{result.runtime_id}"
    assert (result.version, result.endpoint, result.changed) == ("1", "DEFAULT", True)
    assert result.ecr_uri.startswith("000000000000.dkr.ecr.us-west-2.amazonaws.com/bedrock-agentcore-bot-")
    assert set(result.seconds) == {"source", "runtime"}


def test_nothing_changed_is_no_build_and_no_version(workshop: Workshop, home: Home) -> None:
    first = workshop.deploy()
    again = workshop.deploy()
    assert inventory(home) == ONE
    assert (again.artifact, again.version, again.changed, again.seconds) == (first.artifact, "1", False, {})


def test_one_line_of_code_is_a_new_version_in_the_same_environment(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    (workshop.root / "handler.py").write_text(HANDLER + "# changed\n")
    (change,) = [change for change in workshop.plan().pending if change.key == "source"]
    assert [field.field for field in change.fields] == ["files.handler.py"]
    assert workshop.deploy().version == "2"
    assert inventory(home) == {NAME: ("READY", 2, "2")}
    assert stored(home) == (2, 1)


def test_a_python_that_the_project_does_not_allow_is_told(workshop: Workshop) -> None:
    told = 'pyproject.toml:3: requires-python = ">=3.12" does not allow Python 3.11, which the config has'
    (workshop.root / "pyproject.toml").write_text('[project]\nname = "a"\nrequires-python = ">=3.12"\n')
    for work in (workshop.plan, workshop.deploy):
        workshop.heard.events.clear()
        work()
        notes = [event for event in workshop.heard.events if isinstance(event, Note) and event.level == "warning"]
        assert [note.message for note in notes if note.message.startswith(told)] != []


def test_a_file_that_python_can_t_read_is_refused_and_nothing_is_changed(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    (workshop.root / "handler.py").write_text(HANDLER + "def (\n")
    for refused in (workshop.plan, workshop.deploy):
        with pytest.raises(EntrypointError, match=r"^handler\.py:\d+: syntax error"):
            refused()
    assert inventory(home) == ONE
    (workshop.root / "Dockerfile").write_text("FROM scratch\n")
    assert [change.key for change in workshop.plan().pending] == ["source", "runtime"]


def test_a_setting_is_changed_and_nothing_is_built(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    workshop.configure(lifecycle="{idle_timeout: 60}", description="A bot", environment="{MODE: quiet}")
    pending = workshop.plan().pending
    assert [change.key for change in pending] == ["runtime"]
    changed = {field.field for field in pending[0].fields}
    assert changed == {"description", "environment.MODE", "lifecycle.idle_timeout"}
    workshop.deploy()
    assert stored(home) == (1, 1)
    assert workshop.status().drift == ()


def test_tags_are_changed_without_a_new_version(workshop: Workshop, home: Home) -> None:
    workshop.configure(tags="{team: one, old: x}")
    arn = workshop.deploy().arn
    workshop.configure(tags="{team: two}")
    workshop.deploy()
    assert inventory(home) == ONE
    with control_plane(home) as client:
        tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == {
        "team": "two",
        "agentcore:project": "workshop-1a2b3c",
        "agentcore:agent": "bot",
        "agentcore:target": "local",
    }


def test_a_dry_run_and_a_plan_change_nothing(workshop: Workshop, home: Home) -> None:
    assert [change.action for change in workshop.plan().pending] == [Action.CREATE, Action.CREATE]
    assert inventory(home) == {}
    assert stored(home) == (0, 0)
    assert not (workshop.root / ".agentcore").exists()


def test_a_plan_names_the_largest_files_that_go_along(workshop: Workshop) -> None:
    for name, size in (("small.bin", 100_000), ("large.bin", 300_000), ("left_out.bin", 500_000)):
        (workshop.root / name).write_bytes(bytes(size))
    (workshop.root / ".dockerignore").write_text("left_out.bin\n")
    for build in ("zip", "docker"):
        shown = plan(Overrides(build=build), workshop.selected, workshop.heard, largest=2).largest
        assert [(file.name, file.size) for file in shown] == [("large.bin", 300_000), ("small.bin", 100_000)]
    assert workshop.plan().largest == ()


def test_a_runtime_that_was_deleted_elsewhere_is_made_anew(workshop: Workshop, home: Home) -> None:
    first = workshop.deploy()
    with control_plane(home) as client:
        client.delete_agent_runtime(agentRuntimeId=first.runtime_id)
    assert workshop.deploy().runtime_id != first.runtime_id
    assert inventory(home) == ONE


def test_what_was_changed_elsewhere_is_found_and_set_right(workshop: Workshop, home: Home) -> None:
    result = workshop.deploy()
    with control_plane(home) as client:
        there = client.get_agent_runtime(agentRuntimeId=result.runtime_id)
        client.update_agent_runtime(
            agentRuntimeId=result.runtime_id,
            agentRuntimeArtifact=there["agentRuntimeArtifact"],
            roleArn=there["roleArn"],
            networkConfiguration={"networkMode": "PUBLIC"},
            environmentVariables={"SPY": "1"},
            metadataConfiguration={"requireMMDSV2": True},
        )
    (change,) = workshop.plan().pending
    assert change.reason == "changed behind our back"
    assert "environment.SPY" in {field.field for field in change.fields}
    workshop.deploy()
    assert workshop.status().drift == ()


@pytest.mark.parametrize("damage", always("truncated", of=["lost", "truncated"]))
def test_a_lost_or_truncated_state_file_is_made_anew_by_looking(workshop: Workshop, home: Home, damage: str) -> None:
    first = workshop.deploy(KEY="kept")
    state = workshop.root / ".agentcore" / "local.json"
    state.unlink() if damage == "lost" else state.write_text(state.read_text()[:100])
    assert actions(workshop) == {"source": Action.CREATE, "runtime": Action.ADOPT}
    again = workshop.deploy()
    assert (again.arn, again.version) == (first.arn, "1")
    assert inventory(home) == ONE
    warned = [event for event in workshop.heard.events if isinstance(event, Note) and event.level == "warning"]
    assert bool(warned) is (damage == "truncated")
    assert live_environment(home, again.runtime_id) == {"KEY": "kept"}


def test_a_runtime_of_our_name_that_is_not_ours_is_refused(workshop: Workshop, home: Home) -> None:
    runtime_id = workshop.deploy().runtime_id
    with control_plane(home) as client:
        arn = client.get_agent_runtime(agentRuntimeId=runtime_id)["agentRuntimeArn"]
        client.tag_resource(resourceArn=arn, tags={"agentcore:project": "somebody-else"})
    before = inventory(home)
    with pytest.raises(ConflictError, match="belongs to project somebody-else"):
        workshop.deploy()
    gone = workshop.destroy()
    assert gone.deletions == ()
    assert {change.key: change.action for change in gone.left} == {"runtime": Action.FORGET, "source": Action.FORGET}
    assert "belongs to project somebody-else" in gone.left[0].reason
    assert (inventory(home), stored(home)) == (before, (1, 1))


def test_a_project_that_was_moved_goes_on(workshop: Workshop, home: Home, tmp_path: Path) -> None:
    first = workshop.deploy()
    shutil.move(workshop.root, tmp_path / "elsewhere")
    moved = Workshop(tmp_path / "elsewhere")
    assert moved.plan().pending == ()
    assert moved.deploy().arn == first.arn
    assert str(workshop.root) not in (moved.root / ".agentcore" / "local.json").read_text()


def test_two_projects_with_an_agent_of_the_same_name_keep_apart(workshop: Workshop, home: Home, tmp_path: Path) -> None:
    workshop.deploy()
    other = Workshop.open(tmp_path / "other")
    config = other.root / ".agentcore.yaml"
    config.write_text(config.read_text().replace("workshop-1a2b3c", "other-4d5e6f"))
    other.deploy()
    assert len(inventory(home)) == 2
    assert stored(home) == (1, 1)
    workshop.destroy()
    assert len(inventory(home)) == 1
    assert stored(home) == (1, 1)
    other.destroy()
    assert stored(home) == (0, 1)


def test_regions_keep_apart_and_a_deployed_agent_stays_in_its_own(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    workshop.deploy()
    abroad = Workshop.open(tmp_path / "abroad")
    abroad.region = "eu-west-1"
    arn = abroad.deploy().arn
    assert ":eu-west-1:" in arn
    workshop.destroy()
    assert stored(home) == (1, 1)
    abroad.region = None
    assert abroad.deploy().arn == arn
    abroad.destroy()
    assert stored(home) == (0, 1)


def test_a_second_deploy_says_that_another_is_under_way(workshop: Workshop) -> None:
    with files.lock(workshop.selected.state.lock_path, purpose="deploy on local"):
        with pytest.raises(ConflictError, match=r"another deploy on local is under way \(process \d+\)"):
            workshop.deploy()
        assert workshop.plan().pending


def test_variables_given_once_stay_and_can_be_forgotten(workshop: Workshop, home: Home) -> None:
    workshop.configure(environment="{MODE: quiet}")
    runtime_id = workshop.deploy(KEY="s3cret", MODE="loud").runtime_id
    workshop.configure(environment="{MODE: quiet}", description="changed")
    workshop.deploy()
    assert live_environment(home, runtime_id)["KEY"] == "s3cret"
    assert "s3cret" not in (workshop.root / ".agentcore" / "local.json").read_text()
    assert "s3cret" not in repr(workshop.heard.events)
    workshop.deploy(KEY="")
    assert live_environment(home, runtime_id) == {"MODE": "quiet"}


def test_a_variable_whose_value_went_with_the_runtime_is_asked_for(workshop: Workshop, home: Home) -> None:
    first = workshop.deploy(KEY="s3cret")
    with control_plane(home) as client:
        client.delete_agent_runtime(agentRuntimeId=first.runtime_id)
    with pytest.raises(InputError, match="the value of KEY") as caught:
        workshop.deploy()
    assert "--env KEY=" in (caught.value.hint or "")
    assert workshop.deploy(KEY="again").version == "1"


def test_sessions_get_the_deployers_credentials_and_nothing_else(workshop: Workshop, server: RunningServer) -> None:
    arn = workshop.deploy(KEY="v").arn
    seen = server.invoke(arn, b"{}", new_session()).json()
    assert (seen["KEY"], seen["AWS_ACCESS_KEY_ID"]) == ("v", "of-the-caller")
    config = workshop.root / ".agentcore.yaml"
    config.write_text(config.read_text() + "local: {credentials: none}\n")
    assert workshop.deploy().changed is False
    assert server.invoke(arn, b"{}", new_session()).json().get("AWS_ACCESS_KEY_ID") != "of-the-caller"


def test_credentials_outlive_a_server_that_ended_while_packages_were_installed(workshop: Workshop, home: Home) -> None:
    def stopping(event: Event) -> None:
        if isinstance(event, Step) and (event.name, event.status) == ("source", "done"):
            daemon.stop(home)

    arn = workshop.deploy(stopping).arn
    with closing(RunningServer(home)) as server:
        assert server.invoke(arn, b"{}", new_session()).json()["AWS_ACCESS_KEY_ID"] == "of-the-caller"


def test_broken_requirements_change_nothing(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    (workshop.root / "requirements.txt").write_text("demo==\n")
    workshop.configure(requirements="requirements.txt")
    with pytest.raises(InputError, match="requirements can't be installed"):
        workshop.deploy()
    assert inventory(home) == ONE
    assert stored(home) == (1, 1)
    make_wheel(workshop.root, "demo")
    (workshop.root / "requirements.txt").write_text("./demo-1.0-py3-none-any.whl\n")
    assert workshop.deploy().version == "2"


def test_an_application_without_its_server_is_a_clear_error(workshop: Workshop, home: Home) -> None:
    (workshop.root / "handler.py").write_text("app = None\n")
    workshop.configure(entrypoint="handler:app")
    text = (workshop.root / ".agentcore.yaml").read_text().replace("    entrypoint: handler.py\n", "")
    (workshop.root / ".agentcore.yaml").write_text(text)
    with pytest.raises(InputError, match=r"handler:app is served by uvicorn"):
        workshop.deploy()
    assert inventory(home) == {}


@pytest.mark.parametrize("how", ["missing", "ignored"])
def test_an_entrypoint_that_is_not_there_is_refused_before_anything(workshop: Workshop, home: Home, how: str) -> None:
    if how == "missing":
        (workshop.root / "handler.py").unlink()
    else:
        (workshop.root / ".dockerignore").write_text("*.py\n")
    with pytest.raises(InputError, match=r"handler\.py"):
        workshop.deploy()
    assert inventory(home) == {}
    assert not (workshop.root / ".agentcore" / "local.json").exists()


def test_destroy_leaves_nothing_and_runs_again(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    would = workshop.destroy(dry_run=True)
    assert inventory(home) == ONE
    done = workshop.destroy()
    assert (
        [change.key for change in would.deletions] == [change.key for change in done.deletions] == ["runtime", "source"]
    )
    assert workshop.destroy().deletions == ()
    assert inventory(home) == {}
    assert stored(home) == (0, 1)
    assert not (workshop.root / ".agentcore" / "local.json").exists()


@pytest.mark.long
def test_a_server_that_was_started_by_a_destroy_of_nothing_ends_by_itself(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    workshop.destroy()
    daemon.stop(home)
    assert workshop.destroy().deletions == ()
    eventually(lambda: daemon.running(home) is None, "nobody waits for a first runtime")


def test_destroy_finds_what_is_ours_without_a_state_file(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    (workshop.root / ".agentcore" / "local.json").unlink()
    workshop.destroy()
    assert inventory(home) == {}
    assert stored(home) == (0, 1)


def test_destroy_takes_named_endpoints_along(workshop: Workshop, home: Home) -> None:
    runtime_id = workshop.deploy().runtime_id
    with control_plane(home) as client:
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod", agentRuntimeVersion="1")
    workshop.destroy()
    assert inventory(home) == {}


def live_environment(home: Home, runtime_id: str) -> dict[str, str]:
    with control_plane(home) as client:
        answer = client.get_agent_runtime(agentRuntimeId=runtime_id)
    return dict(answer.get("environmentVariables", {}))


def test_endpoints_and_rollbacks_go_through_the_same_door(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    (workshop.root / "handler.py").write_text(HANDLER + "# changed\n")
    workshop.configure(environment="{MODE: loud}")
    newest = workshop.deploy()
    selected, heard = workshop.selected, workshop.heard
    made = create_endpoint(EndpointRequest("prod", "1"), selected, heard).endpoint
    assert made
    assert (made.live_version, made.status) == ("1", "READY")
    back = rollback(RollbackRequest(), selected, heard)
    assert (back.version, back.rolled_back_to) == ("3", "1")
    assert live_environment(home, newest.runtime_id) == {}
    assert workshop.plan().pending[0].reason == "rolled back to version 1; a deploy goes forward again"
    assert workshop.deploy().artifact == newest.artifact
    assert workshop.plan().pending == ()
    workshop.destroy()
    assert inventory(home) == {}
