"""An agent that is deployed on an account of stand-ins, and the log groups of its endpoints there."""

from __future__ import annotations

import pytest

from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.functional.operations.aws_target.conftest import cloud as cloud
from tests.functional.operations.aws_target.conftest import project as project
from tests.functional.operations.logs.log_group import LogGroup
from tests.same_process import SameProcess


@pytest.fixture
def agentcore(project: Project) -> SameProcess:
    project.deploy()
    return SameProcess(project.root, project.cloud.environment)


@pytest.fixture
def default(agentcore: SameProcess, cloud: Cloud) -> LogGroup:
    """That of the endpoint DEFAULT; it is there, and empty."""
    return LogGroup(cloud.moto, cloud.the_runtime()["agentRuntimeId"]).create()
