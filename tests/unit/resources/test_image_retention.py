"""The lifecycle policy that keeps what is in use, and how it is read again."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.resources.image_retention import Retention
from tests.fakes.ecr_lifecycle import Image, expired

IMAGES = [Image(str(number), (f"tag{number}",)) for number in range(10)]


@pytest.mark.parametrize(
    ("retention", "left"),
    [
        (Retention(3), "789"),
        (Retention(3, ("tag0", "tag5")), "05789"),
        (Retention(3, ("tag9",)), "789"),
        (Retention(20, ("tag0",)), "0123456789"),
        (Retention(1, ("tag1", "tag10")), "19"),
    ],
    ids=str,
)
def test_the_newest_and_those_in_use_stay(retention: Retention, left: str) -> None:
    gone = expired(retention.document(), IMAGES)
    assert "".join(image.digest for image in IMAGES if image not in gone) == left


@pytest.mark.parametrize("retention", [Retention(20), Retention(5, ("b", "a"))], ids=str)
def test_a_policy_of_ours_is_read_again(retention: Retention) -> None:
    document = retention.document()
    assert Retention.of(document) == retention
    last = document["rules"][-1]
    last["action"] = {"type": "transition", "targetStorageClass": "archive"}
    assert Retention.of(document) is None


@pytest.mark.parametrize("document", [None, {}, {"rules": []}, {"rules": [{}]}, {"rules": [{"selection": {}}]}])
def test_anothers_is_not_taken_for_ours(document: Any) -> None:
    assert Retention.of(document) is None


def test_more_than_a_policy_has_rules_for_is_refused() -> None:
    assert len(Retention(20, tuple(map(str, range(49)))).document()["rules"]) == 50
    with pytest.raises(InputError, match="50 images are in use, and a lifecycle policy of ECR keeps 49 at most"):
        Retention(20, tuple(map(str, range(50)))).document()
