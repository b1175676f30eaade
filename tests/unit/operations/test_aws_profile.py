"""What AWS's files and variables say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.aws_profile import find_credentials, find_region, lapsed_login

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}


def home(folder: Path, *, config: str = "", credentials: str = "") -> dict[str, str]:
    (folder / ".aws").mkdir()
    (folder / ".aws" / "config").write_text(config)
    (folder / ".aws" / "credentials").write_text(credentials)
    return {"HOME": str(folder)}


@pytest.mark.parametrize(
    ("environ", "config", "profile", "found"),
    [
        pytest.param(
            {"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, "", None, ("a", "AWS_REGION"), id="AWS_REGION first"
        ),
        pytest.param(
            {"AWS_DEFAULT_REGION": "b"}, "[default]\nregion=c", None, ("b", "AWS_DEFAULT_REGION"), id="variable"
        ),
        pytest.param({}, "[default]\nregion=c", None, ("c", "profile default"), id="default profile"),
        pytest.param({}, "[profile x]\nregion=d", "x", ("d", "profile x"), id="profile by option"),
        pytest.param({"AWS_PROFILE": "x"}, "[profile x]\nregion=d", None, ("d", "profile x"), id="profile by variable"),
        pytest.param({}, "[profile x]\nregion=d", None, None, id="another profile"),
        pytest.param({}, "", None, None, id="nothing"),
    ],
)
def test_the_region(
    environ: dict[str, str], config: str, profile: str | None, found: tuple[str, str] | None, tmp_path: Path
) -> None:
    assert find_region(profile, home(tmp_path, config=config) | environ) == found


@pytest.mark.parametrize(
    ("environ", "config", "credentials", "profile", "found"),
    [
        pytest.param(KEYS, "", "", None, "access keys in the environment", id="variables"),
        pytest.param(
            KEYS,
            "",
            "[x]\naws_access_key_id=A",
            "x",
            "access keys of profile x",
            id="a profile counts more than variables",
        ),
        pytest.param({}, "", "[default]\naws_access_key_id=A", None, "access keys of profile default", id="file"),
        pytest.param({}, "[default]\nsso_session=s", "", None, "single sign-on of profile default", id="sso"),
        pytest.param({}, "[profile x]\nrole_arn=r", "", "x", "an assumed role of profile x", id="role"),
        pytest.param({"AWS_WEB_IDENTITY_TOKEN_FILE": "f"}, "", "", None, "a web identity token", id="token"),
        pytest.param({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "u"}, "", "", None, "the container's role", id="container"),
        pytest.param({}, "[default]\nregion=c", "", None, None, id="a profile without any"),
        pytest.param({"AWS_ACCESS_KEY_ID": "A"}, "", "", None, None, id="half a key"),
    ],
)
def test_the_credentials(
    environ: dict[str, str], config: str, credentials: str, profile: str | None, found: str | None, tmp_path: Path
) -> None:
    assert find_credentials(profile, home(tmp_path, config=config, credentials=credentials) | environ) == found


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.aws/config: can't be read: File contains no section headers"):
        find_region(None, home(tmp_path, config="region = x\n"))


def test_no_files_at_all(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert find_region(None, environ) is None
    assert find_credentials(None, environ) is None


SSO = "sso_session = corp\n[sso-session corp]\nsso_start_url = https://corp.example.org/start\n"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("config", "token", "lapsed"),
    [
        pytest.param("[default]\n" + SSO, {"expiresAt": FUTURE}, None, id="logged in"),
        pytest.param("[default]\n" + SSO, {"expiresAt": "2999-01-01T00:00:00UTC"}, None, id="as older tools wrote it"),
        pytest.param("[default]\n" + SSO, {"expiresAt": PAST}, "default", id="ended"),
        pytest.param("[default]\n" + SSO, None, "default", id="never begun"),
        pytest.param("[default]\n" + SSO, {}, "default", id="a file that says nothing"),
        pytest.param(
            "[default]\n" + SSO,
            {"expiresAt": PAST, "refreshToken": "r", "registrationExpiresAt": FUTURE},
            None,
            id="can be renewed",
        ),
        pytest.param(
            "[default]\n" + SSO,
            {"expiresAt": PAST, "refreshToken": "r", "registrationExpiresAt": PAST},
            "default",
            id="can't be renewed any more",
        ),
        pytest.param(
            "[default]\nrole_arn = r\nsource_profile = dev\n[profile dev]\n" + SSO,
            {"expiresAt": PAST},
            "dev",
            id="behind a role",
        ),
        pytest.param("[default]\nrole_arn = r\nsource_profile = default\n", None, None, id="a circle"),
        pytest.param("[default]\naws_access_key_id = a\n", None, None, id="keys"),
        pytest.param("", None, None, id="nothing"),
    ],
)
def test_a_login_that_has_ended(config: str, token: dict[str, str] | None, lapsed: str | None, tmp_path: Path) -> None:
    environ = home(tmp_path, config=config)
    if token is not None:
        cache = tmp_path / ".aws" / "sso" / "cache"
        cache.mkdir(parents=True)
        (cache / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(token))
    assert lapsed_login(None, environ) == lapsed
    assert lapsed_login(None, environ | KEYS) is None
