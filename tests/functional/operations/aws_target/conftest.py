"""A project on an AWS account of stand-ins, whose addresses and credentials are in the environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.operations.aws_target.cloud import Cloud, Project, open_cloud
from tests.functional.operations.aws_target.every_builder import EveryBuilder, every_builder, opened_server
from tests.registry_server import RegistryServer
from tests.stand_ins import Moto


@pytest.fixture
def cloud(moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with open_cloud(moto, tmp_path) as cloud:
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AGENTCORE_TARGET"):
            monkeypatch.delenv(name, raising=False)
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        yield cloud


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path) -> Project:
    return Project.open(tmp_path / "project", cloud)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    with opened_server(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def yard(moto: Moto, server: RegistryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EveryBuilder]:
    with every_builder(moto, server, tmp_path, monkeypatch) as yard:
        yield yard
