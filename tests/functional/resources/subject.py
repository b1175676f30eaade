"""The adapter between a resource and `contract`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from agentcore_cli.engine import Change, Resource
from tests.functional.resources.deployment import Deployment


class Subject(ABC):
    """The adapter: one resource of an agent in an account of stand-ins. `others` is what `CHANGES` are made with."""

    def __init__(self, deployment: Deployment, others: Any = None) -> None:
        self.deployment = deployment
        self.others = others or self

    @abstractmethod
    def resource(self, lives: int | None = None, **wishes: Any) -> Resource:
        """As the config wants it, on a session of so many `lives`. `wishes` are for the tests of its own."""

    @abstractmethod
    def there(self) -> list[Any]:
        """All of its kind that exist in the account, as that describes them."""

    @abstractmethod
    def remove(self) -> None:
        """Delete it as somebody else would."""

    def below(self) -> Sequence[Resource]:
        """What it is deployed on."""
        return ()

    def look_alike(self, tags: Mapping[str, str]) -> None:
        """Make one of our name that is not ours."""
        raise NotImplementedError

    def anew(self) -> None:
        """An empty account, and no records."""
        self.deployment.account.reset()
        self.deployment.store.records.clear()

    def change(self, **wishes: Any) -> Change:
        """What the plan says of it."""
        return self.deployment.plan(*self.below(), self.resource(**wishes)).changes[-1]

    def fields(self, **wishes: Any) -> set[str]:
        return {field.field for field in self.change(**wishes).fields}

    def deploy(self, lives: int | None = None, **wishes: Any) -> Mapping[str, Any]:
        """Its outputs."""
        resource = self.resource(lives, **wishes)
        return self.deployment.deploy(*self.below(), resource).outputs[resource.key]

    def destroy(self, lives: int | None = None, **wishes: Any) -> None:
        self.deployment.destroy(self.resource(lives, **wishes))

    def lose_state(self) -> None:
        self.deployment.store.records.clear()
