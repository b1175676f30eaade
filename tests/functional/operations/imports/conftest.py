"""The account of stand-ins that `aws_target` works in."""

from tests.functional.operations.aws_target.conftest import cloud as cloud
