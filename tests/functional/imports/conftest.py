"""The account of stand-ins that `aws_target` works in."""

from tests.functional.aws_target.conftest import cloud as cloud
