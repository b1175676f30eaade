"""The keys of resources: what each is called in plans, records, events and other resources' dependencies."""

from __future__ import annotations

from typing import Final

RUNTIME: Final = "runtime"  # its record says where an agent is reached
ROLE: Final = "role"
SOURCE: Final = "source"  # an agent's code, on the local runtime
REPOSITORY: Final = "repository"  # of its images, which may be all that a deploy came to
IMAGE: Final = "image"
BUCKET: Final = "bucket"  # of its zips, and of what CodeBuild builds from
CODE: Final = "code"
BUILD_ROLE: Final = "build_role"  # what CodeBuild works as
BUILD_LOG: Final = "build_log"
BUILD_PROJECT: Final = "build_project"
MEMORY: Final = "memory"
LOG_GROUP: Final = "log_group"
RESOURCE_POLICY: Final = "resource_policy"
