"""Addresses without what opens them; and addresses that open nothing, as they are."""

from __future__ import annotations

import pytest

from agentcore_cli.builders.packages.redaction import redact

PASSWORDS = [
    "s3cret",
    "p%40ss%2Fw%3Ard",
    "p@ss",
    "p/ss",
    "p@s/s@w/rd",
    "pa/s.s@a.b/c",
    "p#ss",
    "p?ss",
    "p:ss",
    "it's",
    "p,ss",
    "1/23@4",
    "päss",
    "$p!s&s",
]
LINES = [
    "--index-url https://{}host.example.com/simple",
    "--extra-index-url=https://{}host.example.com:8443/simple/",
    "kit @ git+https://{}git.example.com/team/kit.git@v1.2#subdirectory=kit",
    "-e git+ssh://{}git.example.com/team/kit.git@main",
    'url = "https://{}host.example.com/simple"',
    "url = 'https://{}host.example.com/simple'",
    "index = ['https://open.example.com/a','https://{}host.example.com/b']",
    "error: failed to fetch `https://{}host.example.com/simple/kit/` (401)",
    "PIP_FIND_LINKS=http://{}localhost:8080/links",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("password", PASSWORDS)
def test_no_password_is_left_however_it_is_written(password: str, line: str) -> None:
    told = redact(line.format(f"reader:{password}@"))
    open_part = line.partition("://{}")
    assert told.startswith(open_part[0])
    assert "***@" in told
    for piece in (password, "reader", *(part for part in password.replace("@", "/").split("/") if len(part) > 1)):
        assert piece not in told.removeprefix(open_part[0]).replace(open_part[2], "")


@pytest.mark.parametrize("line", LINES)
def test_a_token_alone_is_left_out_and_the_rest_stays(line: str) -> None:
    assert redact(line.format("t0ken@")) == line.format("***@")
    assert redact(line.format("me:s3cret@")) == line.format("***@")
    assert redact(redact(line.format("me:s3cret@"))) == line.format("***@")


@pytest.mark.parametrize(
    "line",
    [
        *(line.format("") for line in LINES),
        "kit @ https://host.example.com/@scope/kit-1.0-py3-none-any.whl",
        "http://127.0.0.1:8080/x@y",
        "http://registry:5000/simple/x@1",
        "http://[::1]:8080/simple/@x",
        "git+https://github.com/org/repo@feature/x",
        "mail me@example.com, see https://example.com/?q=a@b",
        "file:///home/me@work/kit",
    ],
)
def test_what_has_no_credentials_stays_as_it_is(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("https://h.example.com/a.whl?sv=1&sig=s3cret%3D&se=2", "https://h.example.com/a.whl?sv=1&sig=***&se=2"),
        ("https://h.example.com/a?private_token=s3cret#x", "https://h.example.com/a?private_token=***#x"),
        ("https://h.example.com/a?X-Amz-Signature=s3cret", "https://h.example.com/a?X-Amz-Signature=***"),
    ],
)
def test_a_token_in_a_query_is_left_out(line: str, told: str) -> None:
    assert redact(line) == redact(told) == told
