"""The images that versions of a runtime run: whether they are there, and that they stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.contract import EcrRepository, is_in_private_ecr
from agentcore_cli.errors import DeniedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.resources.repository import Repository


@dataclass(frozen=True, slots=True)
class VersionImages:
    """`own` is the repository that deploys make, `here` an address in the target's account and region, and
    `repositories` gives the client of a region.

    Who may go back or move an endpoint may well not be allowed to look at images, or to change what is kept of them:
    that is only told, as they may have to go back at once. A deploy asks `own`, and is refused.
    """

    own: Repository
    here: EcrRepository
    repositories: Callable[[str], Repositories]
    listener: Listener = field(repr=False)

    def require(self, uri: str, version: str) -> None:
        """Raises InputError when the image of a version is not in ECR any more, so that it could not start."""
        if not is_in_private_ecr(uri):
            return
        address = EcrRepository.of(uri, self.here.account, self.here.region)
        digest, tag = uri.partition("@")[2], uri.rpartition(":")[2]
        chosen = {"digest": digest} if digest else {"tag": tag}
        registry = address.registry(self.here.account)
        try:
            found = self.repositories(address.region).image(address.name, **chosen, registry=registry)
        except DeniedError as error:
            self.listener(Note(f"not looked at whether the image of version {version} is there: {error.message}"))
            return
        if found is None:
            raise InputError(
                f"version {version}: its image is not in ECR any more: {uri}",
                hint="choose another version, or deploy the code that it was made from: that makes the image anew",
            )

    def keep(self, uri: str, runtime_id: str | None) -> None:
        """Have ECR keep the image, which the runtime is about to run, where deploys make the repository."""
        try:
            self.own.keep(uri, runtime_id)
        except DeniedError as error:
            text = f"ECR may let the image go that is about to run, some pushes from now: {error.message}"
            self.listener(Note(text, "warning"))
