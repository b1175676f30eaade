"""Where the data plane is: botocore's answer for every region and variant; proxies; a host that is not there."""

from __future__ import annotations

import itertools
import socket
import threading

import boto3
import pytest
from botocore.config import Config

from agentcore_cli.aws import endpoints
from agentcore_cli.errors import InputError

REGIONS = ["us-west-2", "eu-central-1", "cn-north-1", "us-gov-west-1"]


@pytest.fixture(autouse=True)
def _no_authorities_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)


@pytest.mark.parametrize(("region", "fips", "dual"), list(itertools.product(REGIONS, [False, True], [False, True])))
def test_the_url_is_botocores(region: str, fips: bool, dual: bool) -> None:
    client = boto3.client(
        "bedrock-agentcore",
        region_name=region,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual),
    )
    environ = {"AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual)}
    assert endpoints.data_plane_url(region, environ) == client.meta.endpoint_url
    client.close()


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        ({"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "http://one"}, "http://one"),
        (
            {"AWS_ENDPOINT_URL": "http://all", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "https://bedrock-agentcore.us-west-2.amazonaws.com",
        ),
    ],
)
def test_variables_put_another_in_its_place(environ: dict[str, str], url: str) -> None:
    assert endpoints.data_plane_url("us-west-2", environ) == url


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://"])
def test_what_is_no_url_is_said(url: str) -> None:
    with pytest.raises(InputError, match="not a URL"):
        endpoints.connect(url, 1)


def test_a_proxy_is_asked_for_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def refuse() -> None:
            peer, _ = listener.accept()
            with peer:
                heard.append(peer.recv(4096))
                peer.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass%40word@127.0.0.1:{port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(OSError, match="407"):
            endpoints.connect("https://bedrock-agentcore.us-west-2.amazonaws.com", 1)
        thread.join()
    assert heard[0].startswith(b"CONNECT bedrock-agentcore.us-west-2.amazonaws.com:443")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNzQHdvcmQ=" in heard[0]


def test_no_proxy_leaves_a_host_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "localhost")
    with pytest.raises(OSError, match="refused"):
        endpoints.connect("https://localhost:2", 1)


def test_a_bundle_of_certificates_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nope.pem")
    with pytest.raises(InputError, match=r"/nope\.pem"):
        endpoints.connect("https://127.0.0.1:1", 1)
