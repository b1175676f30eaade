"""The lifecycle policy that is played does what AWS's page says."""

from __future__ import annotations

from typing import Any

from tests.fakes.ecr_lifecycle import Image, expired


def rule(priority: int, count: int, *patterns: str, status: str = "any") -> dict[str, Any]:
    selection = {"tagStatus": "tagged", "tagPatternList": list(patterns)} if patterns else {"tagStatus": status}
    counted = {"countType": "imageCountMoreThan", "countNumber": count}
    return {"rulePriority": priority, "selection": selection | counted, "action": {"type": "expire"}}


def left(*rules: dict[str, Any]) -> list[str]:
    """What is not expired of four images, the oldest first."""
    images = [Image("1", ("a",)), Image("2", ("b", "beta")), Image("3"), Image("4", ("c",))]
    gone = expired({"rules": list(rules)}, images)
    return [image.digest for image in images if image not in gone]


def test_the_newest_are_kept_and_the_others_expire() -> None:
    assert left(rule(1, 2)) == ["3", "4"]
    assert left(rule(1, 9)) == ["1", "2", "3", "4"]


def test_what_a_rule_matches_none_of_lower_priority_expires() -> None:
    assert left(rule(2, 1), rule(1, 1, "a")) == ["1", "4"]
    assert left(rule(1, 1, "*"), rule(2, 1)) == ["4"], "a rule that counts expires what it matches"


def test_a_pattern_is_for_the_whole_tag_and_several_are_for_one_image() -> None:
    assert left(rule(1, 1, "bet"), rule(2, 1)) == ["4"]
    assert left(rule(1, 1, "b", "be*"), rule(2, 1)) == ["2", "4"]
    assert left(rule(1, 1, "a", "b"), rule(2, 1)) == ["4"]


def test_what_has_no_tag_has_a_rule_of_its_own() -> None:
    assert left(rule(1, 1, status="untagged"), rule(2, 1)) == ["3", "4"]
