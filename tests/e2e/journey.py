"""The whole life of one agent on AWS, each step as a user takes it, each followed by a look at what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.command_line import CommandLine
from tests.e2e.agents import SDK_AGENT, change_one_line, set_keys, write_agent
from tests.e2e.pushed_image import AARCH64, PushedImage, Source
from tests.stage.account import WORKER

AGENT = f"journey_{WORKER}"
ROLE, REPOSITORY, IMAGE, RUNTIME, LOG_GROUP = "role", "repository", "image", "runtime", "log_group"


@dataclass(frozen=True, slots=True)
class Journey:
    """`images` is where pushed images are read; `inventory` is everything in the account, not seen through our code.

    `deploying` is how deploys are told: where no sessions run, not to see one start.
    """

    command: CommandLine
    images: Source
    inventory: Callable[[], Any]
    deploying: tuple[str, ...] = ("deploy",)

    def configure(self) -> None:
        write_agent(self.command.folder, SDK_AGENT, "bedrock-agentcore")
        self.command.run("configure", "--entrypoint", "agent.py", "--name", AGENT, "--env", "LOG_LEVEL=info")
        assert (self.command.folder / "Dockerfile").exists()
        set_keys(self.command.folder, log_retention="1", lifecycle="{idle_timeout: 300}")

    def plan_everything(self) -> None:
        """A plan of a first deploy names everything, and makes nothing."""
        before = self.inventory()
        planned = self.command.json("plan")
        made = {change["key"]: change["action"] for change in planned["pending"]}
        assert made == dict.fromkeys((ROLE, REPOSITORY, IMAGE, RUNTIME, LOG_GROUP), "create")
        self.command.run("plan", "--exit-code", code=6)
        assert self.inventory() == before

    def deploy(self) -> PushedImage:
        deployed = self.command.json(*self.deploying)
        assert deployed["event"] == "result"
        return PushedImage.at(deployed["ecr_uri"], self.images)

    def nothing_to_do(self) -> None:
        """The plan says so, and a deploy changes nothing in the account."""
        before = self.inventory()
        pending = self.command.json("plan")["pending"]
        assert pending == [], pending
        self.command.run("plan", "--exit-code")
        assert self.command.json(*self.deploying)["changed"] is False
        assert self.inventory() == before

    def is_arm64(self, image: PushedImage) -> None:
        """The config says it, and so does every program in every layer."""
        assert (image.config["architecture"], image.config["os"]) == ("arm64", "linux")
        programs = dict(image.programs())
        assert set(programs.values()) == {AARCH64}
        assert any("/python3." in path for path in programs), "the interpreter"
        assert any(path.endswith(".so") and "packages" in path for path in programs), "a compiled package"

    def two_sessions(self, edition: str, step: int) -> None:
        """Each keeps its own context; both run on ARM64. New ones at each step: a session stays with its version."""
        said = {}
        one, two = f"one-{step}", f"two-{step}"
        for session, prompt in ((one, "a"), (two, "b"), (one, "c")):
            answer = self.command.json("invoke", f'{{"prompt": "{prompt}"}}', "--session-id", session)
            said[session] = answer["response"]
            assert answer["response"]["edition"] == edition
            assert answer["response"]["machine"] == "aarch64"
            assert answer["response"]["session"] == answer["session_id"]
        assert [said[one]["heard"], said[two]["heard"]] == [["a", "c"], ["b"]]

    def change_one_line(self, before: PushedImage) -> PushedImage:
        """Only the code layer of the image is another one."""
        change_one_line(self.command.folder)
        pending = {change["key"]: change["action"] for change in self.command.json("plan")["pending"]}
        assert pending == {IMAGE: "update", RUNTIME: "update"}
        after = self.deploy()
        assert after.layers[:-1] == before.layers[:-1]
        assert after.layers[-1] != before.layers[-1]
        return after

    def roll_back(self) -> None:
        assert self.command.json("rollback")["version"] == "3"
        shown = self.command.json("versions")["versions"]
        assert [version["version"] for version in shown] == ["3", "2", "1"]

    def destroy(self) -> None:
        self.command.run("destroy", "--yes")
        assert self.command.json("destroy", "--yes")["deletions"] == []
        self.command.run("invoke", "hello", code=4)
