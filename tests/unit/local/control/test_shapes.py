"""Our shapes and places on the wire are the models', constraint by constraint."""

from __future__ import annotations

import pytest
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, StringShape, StructureShape
from botocore.model import Shape as Modelled

from agentcore_cli.local.control.operations import OPERATIONS, ServedOperation
from agentcore_cli.local.control.schema import (
    Boolean,
    Double,
    Integer,
    JsonDocument,
    List,
    Map,
    Shape,
    String,
    Structure,
    Timestamp,
    Union,
)
from agentcore_cli.local.memory import operations as of_memory
from tests.fakes.control_model import inputs, is_document, service

MODEL: ServiceModel = service()
DATA: ServiceModel = service("bedrock-agentcore")
SERVED = [
    *(pytest.param(operation, MODEL, id=operation.name) for operation in OPERATIONS),
    *(pytest.param(operation, MODEL, id=f"memory-{operation.name}") for operation in of_memory.CONTROL),
    *(pytest.param(operation, DATA, id=operation.name) for operation in of_memory.DATA),
]


@pytest.mark.parametrize(("operation", "model"), SERVED)
def test_each_input_shape_is_the_models(operation: ServedOperation, model: ServiceModel) -> None:
    assert sorted_requirements(operation.shape) == translated(inputs(model.operation_model(operation.name)))


@pytest.mark.parametrize(("operation", "model"), SERVED)
def test_each_operation_is_where_the_model_has_it(operation: ServedOperation, model: ServiceModel) -> None:
    modelled = model.operation_model(operation.name)
    assert operation.method == modelled.http["method"]
    assert "/" + "/".join(operation.path) == modelled.http["requestUri"].removesuffix("/")
    assert operation.status == modelled.http["responseCode"]
    assert operation.query == in_query(modelled)


def in_query(operation: OperationModel) -> dict[str, str]:
    places = {name: member.serialization for name, member in inputs(operation).members.items()}
    return {place["name"]: name for name, place in places.items() if place.get("location") == "querystring"}


def translated(shape: Modelled) -> Shape:
    """A shape of botocore's in our language."""
    limits = shape.metadata
    low, high, sensitive = limits.get("min"), limits.get("max"), bool(limits.get("sensitive"))
    if is_document(shape):
        return JsonDocument(sensitive)
    if isinstance(shape, StructureShape):
        members = {name: translated(member) for name, member in shape.members.items()}
        return (
            Union(members)
            if shape.is_tagged_union
            else Structure(members, tuple(sorted(shape.required_members)), sensitive)
        )
    if isinstance(shape, ListShape):
        return List(translated(shape.member), low or 0, high)
    if isinstance(shape, MapShape):
        key, value = translated(shape.key), translated(shape.value)
        assert isinstance(key, String)
        return Map(key, value, low or 0, high, sensitive)
    if isinstance(shape, StringShape):
        return String(low or 0, high, limits.get("pattern"), tuple(shape.enum), sensitive)
    plain = {"integer": Integer(low, high), "boolean": Boolean(), "double": Double(), "timestamp": Timestamp()}
    return plain[shape.type_name]


def sorted_requirements(shape: Shape) -> Shape:
    """The same with required members in alphabetical order: the model's order means nothing."""
    match shape:
        case Structure(members, required, sensitive):
            inner = {name: sorted_requirements(member) for name, member in members.items()}
            return Structure(inner, tuple(sorted(required)), sensitive)
        case Union(members):
            return Union({name: sorted_requirements(member) for name, member in members.items()})
        case List(member, minimum, maximum):
            return List(sorted_requirements(member), minimum, maximum)
        case Map(key, value, minimum, maximum, sensitive):
            return Map(key, sorted_requirements(value), minimum, maximum, sensitive)
    return shape
