"""Regions are told by their form, so that new ones need no release."""

from __future__ import annotations

import pytest

from agentcore_cli.config.regions import region_fault


@pytest.mark.parametrize(
    "region",
    [
        "us-west-2",
        "eu-central-1",
        "ap-southeast-7",
        "mx-central-1",
        "cn-northwest-1",
        "us-gov-east-1",
        "eusc-de-east-1",
    ],
)
def test_a_region(region: str) -> None:
    assert region_fault(region) is None


@pytest.mark.parametrize(
    ("region", "advice"),
    [
        ("mars-1", "for example us-west-2"),
        ("us-west", "did you mean us-west-2?"),
        ("US-WEST-2", "did you mean us-west-2?"),
        ("eu-wset-1", "did you mean eu-west-1?"),
        ("us-west-2\n", "did you mean us-west-2?"),
        ("", "for example us-west-2"),
    ],
)
def test_no_region(region: str, advice: str) -> None:
    assert region_fault(region) == f"{region!r} is no AWS region; {advice}"
