"""The resources of an agent's deployment, with all that they need to know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agentcore_cli import keys
from agentcore_cli.wiring.clients import home, session_in
from agentcore_cli.wiring.selection import (
    Selection,
    VisitedTarget,
    environment,
    local_environment,
    memory_id,
    memory_name,
    owner,
    region,
    runtime_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    from agentcore_cli.aws.repositories import Authorization
    from agentcore_cli.builders.builder import Builder
    from agentcore_cli.builders.bundles.store import BundleStore
    from agentcore_cli.builders.choice import Choice
    from agentcore_cli.builders.oci.blobs import Blobs
    from agentcore_cli.builders.packages.requirements import Requirements
    from agentcore_cli.builders.packages.vetting import Vet
    from agentcore_cli.engine import Journal, Resource
    from agentcore_cli.events import Listener
    from agentcore_cli.resources.aws_deployment import AwsDeployment
    from agentcore_cli.resources.deployment import Overrides
    from agentcore_cli.resources.local_catalog import LocalDeployment
    from agentcore_cli.resources.runtime import Runtime
    from agentcore_cli.resources.version_images import VersionImages
    from agentcore_cli.resources.wait_options import WaitOptions


def journal(selected: Selection) -> Journal:
    from agentcore_cli.engine import Journal

    return Journal(selected.state.records(selected.agent_name))


def store() -> BundleStore:
    """Where bundles and environments for the local runtime are kept."""
    from agentcore_cli.builders.bundles.store import BundleStore

    return BundleStore(home().artifacts, home().environments)


def blobs() -> Blobs:
    """Where layers of images are kept that no engine builds."""
    from agentcore_cli.builders.oci.blobs import Blobs

    return Blobs(home().layers)


def builder(selected: Selection, choice: Choice, *, attests: bool = False) -> Builder[Any]:
    """What makes the agent's artifact for AWS, without a target: nothing is asked there but by a base image in ECR.

    `attests`: what is in it goes along with it.
    """
    from agentcore_cli.builders.zip.builder import ZipBuilder
    from agentcore_cli.resources.code_project import code_project
    from agentcore_cli.resources.image_builders import image_builder, image_labels
    from agentcore_cli.resources.image_project import image_project
    from agentcore_cli.resources.registry_credentials import registry_credentials

    home().claim()  # nothing else may have made it, and what is kept there must be known as ours the next time
    labels, resolved = image_labels(owner(selected)), selected.state.resolved(selected.agent_name)
    if choice.builder == "zip":
        code = code_project(selected.loaded.root, selected.agent, resolved)
        return ZipBuilder(code, home().packages, home().archives)
    project = image_project(selected.loaded.root, selected.agent_name, selected.agent, labels, resolved)
    credentials = registry_credentials(lambda region: _registry_token(region, selected.target.profile))
    return image_builder(choice, project, home().packages, blobs(), home().archives, credentials, attests=attests)


def _registry_token(region: str, profile: str | None) -> Authorization:
    from contextlib import closing

    from agentcore_cli.aws.repositories import Repositories

    with closing(session_in(region, profile)) as session:
        return Repositories(session).authorization()


def installed_packages(selected: Selection, requirements: Requirements, build: str | None) -> Path | None:
    """The folder of the packages that were installed for the agent's last artifact; None when they are not here."""
    from agentcore_cli.builders.packages import environment, interpreters
    from agentcore_cli.builders.packages.packages import Wanted
    from agentcore_cli.builders.zip import inputs as code_inputs
    from agentcore_cli.rendering import OTEL_DISTRO

    agent = selected.agent
    extra = (OTEL_DISTRO,) if agent.otel else ()
    if selected.is_local and build != "docker" and selected.state.record(selected.agent_name, "source"):
        key = environment.key_of(requirements, interpreters.find(agent.python), extra)
        there = environment.find(home().environments, key)
        return there.packages if there else None
    is_code = not selected.is_local and (build or agent.build) == "zip"
    wanted = code_inputs.wanted if is_code else Wanted
    folder = home().packages / wanted(requirements, agent.python, extra).key
    return folder if folder.is_dir() else None


def resources(
    place: VisitedTarget, *, overrides: Overrides, wait_options: WaitOptions, listener: Listener, vet: Vet
) -> list[Resource]:
    """Everything that the agent needs on this target."""
    if place.selected.is_local:
        from agentcore_cli.resources import local_catalog

        there = replace(_local_deployment(place.selected, overrides, wait_options, listener), vet=vet)
        return local_catalog.wanted(there, place.session)
    from agentcore_cli.resources import catalog

    wanted = _aws_deployment(place.selected, place.account_number, overrides, wait_options, listener)
    return catalog.wanted(replace(wanted, vet=vet), place.session)


def everything(
    place: VisitedTarget, *, wait_options: WaitOptions, listener: Listener, with_supplied: bool = False
) -> list[Resource]:
    """Everything that deploys may have made for the agent on this target, whatever the config says now.

    `with_supplied`: the runtime too that the config names and somebody else made.
    """
    selected = place.selected
    if selected.is_local:
        from agentcore_cli.resources import local_catalog

        local = _local_deployment(selected, None, wait_options, listener)
        has_image = selected.state.record(selected.agent_name, keys.IMAGE) is not None
        return local_catalog.everything(local, place.session, may_have_image=has_image or local.artifact is None)
    from agentcore_cli.resources import catalog

    there = _aws_deployment(selected, place.account_number, None, wait_options, listener)
    return catalog.everything(there, place.session, with_supplied=with_supplied)


def unrecorded(place: VisitedTarget, *, wait_options: WaitOptions, listener: Listener) -> list[Resource]:
    """Where no record says what was made: what deploys by other builders make, beside `everything`."""
    selected = place.selected
    if selected.is_local or selected.state.account(selected.agent_name):
        return []
    from agentcore_cli.resources import catalog

    there = _aws_deployment(selected, place.account_number, None, wait_options, listener)
    return catalog.unrecorded(there, place.session)


def runtime(place: VisitedTarget, *, wait_options: WaitOptions, listener: Listener) -> Runtime:
    """The agent's runtime alone."""
    if place.selected.is_local:
        from agentcore_cli.resources import local_catalog

        return local_catalog.runtime(_local_deployment(place.selected, None, wait_options, listener), place.session)
    from agentcore_cli.resources import catalog

    there = _aws_deployment(place.selected, place.account_number, None, wait_options, listener)
    return catalog.runtime(there, place.session)


def version_images(place: VisitedTarget, *, listener: Listener) -> VersionImages | None:
    """The images of the runtime's versions; None on the local runtime, where no image expires."""
    if place.selected.is_local:
        return None
    from agentcore_cli.resources import catalog
    from agentcore_cli.resources.wait_options import WaitOptions

    there = _aws_deployment(place.selected, place.account_number, None, WaitOptions(), listener)
    return catalog.images(there, place.session)


def deployment(selected: Selection, *, account: str) -> AwsDeployment:
    """What is wanted of one agent on its target in AWS, and by what names."""
    from agentcore_cli import events
    from agentcore_cli.resources.wait_options import WaitOptions

    return _aws_deployment(selected, account, None, WaitOptions(), events.ignore)


def _local_deployment(
    selected: Selection, overrides: Overrides | None, wait_options: WaitOptions, listener: Listener
) -> LocalDeployment:
    from agentcore_cli.builders.bundles.mounts import StorageMount
    from agentcore_cli.resources.local_catalog import LocalDeployment

    return LocalDeployment(
        **_known(selected, overrides),
        environment=local_environment(selected),
        store=store(),
        mounts=tuple(StorageMount(mount.path, mount.writable) for mount in selected.loaded.config.local.mounts),
        wait_options=wait_options,
        listener=listener,
    )


def _aws_deployment(
    selected: Selection, account: str, overrides: Overrides | None, wait_options: WaitOptions, listener: Listener
) -> AwsDeployment:
    from agentcore_cli.resources.aws_deployment import AwsDeployment

    there = selected.state.deployed(selected.agent_name)
    return AwsDeployment(
        **_known(selected, overrides),
        environment=environment(selected),
        account=account,
        runtime_name=runtime_name(selected),
        runtime_id=selected.agent.runtime or (there.runtime_id if there else None),
        memory_id=memory_id(selected),
        has_repository=selected.state.record(selected.agent_name, keys.REPOSITORY) is not None,
        archives=home().archives,
        has_bucket=selected.state.record(selected.agent_name, keys.BUCKET) is not None,
        has_build_project=selected.state.record(selected.agent_name, keys.BUILD_PROJECT) is not None,
        has_policy=selected.state.record(selected.agent_name, keys.RESOURCE_POLICY) is not None,
        wait_options=wait_options,
        listener=listener,
    )


def _known(selected: Selection, overrides: Overrides | None) -> dict[str, Any]:
    """What a deployment is told on every target; without `overrides` the command line says nothing."""
    from agentcore_cli.resources.deployment import Overrides

    said = overrides or Overrides()
    there = selected.state.deployed(selected.agent_name)
    earlier = selected.state.resolved(selected.agent_name)
    return {
        "root": selected.loaded.root,
        "agent": selected.agent,
        "owner": owner(selected),
        "region": region(selected),
        "overrides": said,
        "given_before": selected.state.given_environment(selected.agent_name),
        "artifact": there.artifact if there else None,
        "resolved": earlier if said.resolved is None else said.resolved,
        "packages": home().packages,
        "blobs": blobs(),
        "memory_name": memory_name(selected),
    }
