from __future__ import annotations

import pytest

from agentcore_cli.builders.images.image_limits import require_arm64, require_small
from agentcore_cli.contract import IMAGE_MAX
from agentcore_cli.errors import InputError


def test_an_arm64_image_of_two_gigabytes_is_taken() -> None:
    require_arm64("the image", "arm64")
    require_small("the image", IMAGE_MAX)


def test_another_processor_is_refused_with_the_line_to_write() -> None:
    with pytest.raises(InputError, match="the image is for amd64, and AgentCore runs arm64 only") as caught:
        require_arm64("the image", "amd64")
    assert "FROM --platform=linux/arm64" in (caught.value.hint or "")


def test_what_is_too_large_is_refused_with_its_size() -> None:
    with pytest.raises(InputError, match=r"image x:1 has 2.5 GB, and AgentCore takes 2 GB"):
        require_small("image x:1", 5 * 1024**3 // 2)
