"""Who asks a registry for a base image: AWS's own credentials at ECR, Docker's everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from agentcore_cli.builders.registry import access
from agentcore_cli.builders.registry.access import Credentials, SignIn
from agentcore_cli.contract import EcrRepository, is_in_private_ecr
from agentcore_cli.errors import AgentcoreError

if TYPE_CHECKING:
    from agentcore_cli.aws.repositories import Authorization


def registry_credentials(authorize: Callable[[str], Authorization]) -> Credentials:
    """`authorize` gets ECR's token for a region. Nobody is asked before a registry wants to know."""

    def find(host: str) -> SignIn | None:
        if not is_in_private_ecr(host):
            return access.of_docker(host)
        try:
            signed_in = authorize(EcrRepository.of(f"{host}/", "", "").region)
        except AgentcoreError:
            if known := access.of_docker(host):
                return known
            raise
        return SignIn(signed_in.user, signed_in.password)

    return find
