"""Our short way to keys finds what botocore's chain finds, and leaves everything else to it."""

from __future__ import annotations

import os
from pathlib import Path

import botocore.session
import pytest

from agentcore_cli.aws import credentials
from agentcore_cli.aws.credentials import Credentials, find
from agentcore_cli.errors import CredentialsError

KEYS = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "secret-env"}
FILE = "[default]\naws_access_key_id = AKFILE\naws_secret_access_key = secret-file\n"
STS = FILE + "aws_session_token = t\n"
OTHER = "[x]\naws_access_key_id = AKX\naws_secret_access_key = secret-x\n"
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose AWS files are empty, and an environment that has nothing of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / ".aws").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    return tmp_path / ".aws"


CASES = [
    pytest.param(KEYS, "", "", None, "AKENV", id="variables"),
    pytest.param(KEYS | {"AWS_SESSION_TOKEN": "t"}, "", "", None, "AKENV", id="with-a-token"),
    pytest.param(KEYS | {"AWS_SECURITY_TOKEN": "s", "AWS_SESSION_TOKEN": "t"}, "", "", None, "AKENV", id="two-tokens"),
    pytest.param(KEYS, FILE, "", None, "AKENV", id="variables-before-a-file"),
    pytest.param({}, FILE, "", None, "AKFILE", id="file"),
    pytest.param({}, STS, "", None, "AKFILE", id="file-with-a-token"),
    pytest.param({}, "", FILE, None, "AKFILE", id="config-file"),
    pytest.param({}, FILE, FILE.replace("AKFILE", "AKCONFIG"), None, "AKFILE", id="both-files"),
    pytest.param(KEYS, FILE + OTHER, "", "x", "AKX", id="a-profile-before-variables"),
    pytest.param({"AWS_PROFILE": "x"}, FILE + OTHER, "", None, "AKX", id="profile-by-variable"),
    pytest.param(KEYS | {"AWS_PROFILE": "x"}, FILE + OTHER, "", None, "AKENV", id="variables-before-AWS_PROFILE"),
]


@pytest.mark.parametrize(("environ", "credentials_file", "config", "profile", "key"), CASES)
def test_keys_that_stand_there_are_those_of_the_chain(
    aws: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    credentials_file: str,
    config: str,
    profile: str | None,
    key: str,
) -> None:
    (aws / "credentials").write_text(credentials_file)
    (aws / "config").write_text(config)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    theirs = botocore.session.Session(profile=profile).get_credentials().get_frozen_credentials()
    whole = {"HOME": str(aws.parent)} | environ
    found = credentials._in_environment(profile, whole) or credentials._of_profile(profile, whole)
    assert found is not None
    assert found == find(profile, "us-west-2")
    assert found == Credentials(theirs.access_key, theirs.secret_key, theirs.token)
    assert found.access_key == key


@pytest.mark.parametrize(
    ("environ", "config"),
    [
        pytest.param({}, "[default]\nrole_arn = r\nsource_profile = s\n" + OTHER, id="role"),
        pytest.param({}, "[default]\nsso_session = s\n", id="sso"),
        pytest.param({}, "[default]\ncredential_process = /bin/false\n", id="process"),
        pytest.param({"AWS_WEB_IDENTITY_TOKEN_FILE": "f", "AWS_ROLE_ARN": "r"}, "", id="web-identity"),
        pytest.param(KEYS | {"AWS_CREDENTIAL_EXPIRATION": "2030-01-01T00:00:00Z"}, "", id="keys-that-expire"),
        pytest.param({"AWS_ACCESS_KEY_ID": "A"}, "", id="half-a-key"),
    ],
)
def test_everything_else_is_the_chains(aws: Path, environ: dict[str, str], config: str) -> None:
    (aws / "credentials").write_text(FILE)
    (aws / "config").write_text(config)
    whole = {"HOME": str(aws.parent)} | environ
    assert credentials._in_environment(None, whole) is None
    assert credentials._of_profile(None, whole) is None


def test_a_credential_process_is_run(aws: Path) -> None:
    program = aws / "process"
    program.write_text('#!/bin/sh\necho \'{"Version": 1, "AccessKeyId": "AKP", "SecretAccessKey": "s"}\'\n')
    program.chmod(0o755)
    (aws / "config").write_text(f"[default]\ncredential_process = {program}\n")
    assert find(None, "us-west-2").access_key == "AKP"


@pytest.mark.parametrize("profile", [None, "missing"])
def test_none_at_all_is_exit_3_and_leads_to_local(aws: Path, profile: str | None) -> None:
    with pytest.raises(CredentialsError) as caught:
        find(profile, "us-west-2")
    assert caught.value.exit_code == 3
    assert "--local" in (caught.value.hint or "")
