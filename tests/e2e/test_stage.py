"""The stage is what it poses as: an honest ARM64 base image, and a registry that asks for the token of ECR."""

from __future__ import annotations

import base64
import dataclasses

import docker
import pytest

from tests.stage.account import Account
from tests.stage.base_image import REPOSITORY, TAG
from tests.stage.machine import Machine
from tests.stage.registry import ECR, PUBLIC, TOKEN

PROGRAM = "import platform, ssl, sqlite3, sys; print(platform.machine(), sys.version_info[:2])"


def test_the_base_image_is_served_under_its_own_name(stage: Machine) -> None:
    engine = docker.from_env()
    try:
        image = engine.images.pull(f"{PUBLIC}/{REPOSITORY}", tag=TAG, platform="linux/arm64")
        assert image.attrs["Architecture"] == "arm64"
        told = engine.containers.run(image.id, ["python", "-c", PROGRAM], remove=True, platform="linux/arm64")
        assert told == b"aarch64 (3, 13)\n"
    finally:
        engine.close()


def test_a_push_needs_the_token_that_the_account_gives(stage: Machine, aws: Account) -> None:
    engine = docker.from_env()
    try:
        image = engine.images.pull(f"{PUBLIC}/{REPOSITORY}", tag=TAG, platform="linux/arm64")
        image.tag(f"{ECR}/e2e-stage", "v1")
        told = engine.images.push(f"{ECR}/e2e-stage", tag="v1", auth_config={"username": "AWS", "password": "none"})
        assert "no basic auth credentials" in told or "unauthorized" in told
        (given,) = aws.clients["ecr"].get_authorization_token()["authorizationData"]
        user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
        assert (user, password) == ("AWS", TOKEN)
        engine.images.push(f"{ECR}/e2e-stage", tag="v1", auth_config={"username": user, "password": password})
        digest = stage.ecr.manifest("e2e-stage", "v1").headers["docker-content-digest"]
        stage.ecr.delete("e2e-stage", digest)
        assert "e2e-stage" not in stage.ecr.repositories()
    finally:
        engine.close()


def test_the_registry_is_trusted_by_its_authority_alone(stage: Machine) -> None:
    assert stage.ecr.ask("GET", "/v2/").status == 200
    anonymous = dataclasses.replace(stage.ecr, authority=stage.public.authority)
    assert anonymous.ask("GET", "/v2/", headers={"Authorization": ""}).status == 401
    with pytest.raises(OSError, match="certificate verify failed"):
        dataclasses.replace(stage.ecr, authority="/etc/ssl/certs/ca-certificates.crt").ask("GET", "/v2/")
