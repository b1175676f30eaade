"""Our shapes and places on the wire are the model's, constraint by constraint."""

from __future__ import annotations

import pytest
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, StringShape, StructureShape
from botocore.model import Shape as Modelled

from agentcore_cli.local.control.operations import OPERATIONS, Operation
from agentcore_cli.local.control.schema import Boolean, Integer, List, Map, Shape, String, Structure, Union
from tests.fakes.control_model import inputs, service

MODEL: ServiceModel = service()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_input_shape_is_the_models(operation: Operation) -> None:
    assert sorted_requirements(operation.shape) == translated(inputs(MODEL.operation_model(operation.name)))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_operation_is_where_the_model_has_it(operation: Operation) -> None:
    modelled = MODEL.operation_model(operation.name)
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
    if isinstance(shape, StructureShape):
        members = {name: translated(member) for name, member in shape.members.items()}
        return Union(members) if shape.is_tagged_union else Structure(members, tuple(sorted(shape.required_members)))
    if isinstance(shape, ListShape):
        return List(translated(shape.member), low or 0, high)
    if isinstance(shape, MapShape):
        key, value = translated(shape.key), translated(shape.value)
        assert isinstance(key, String)
        assert isinstance(value, String)
        return Map(key, value, low or 0, high, sensitive)
    if isinstance(shape, StringShape):
        return String(low or 0, high, limits.get("pattern"), tuple(shape.enum), sensitive)
    return {"integer": Integer(low, high), "boolean": Boolean()}[shape.type_name]


def sorted_requirements(shape: Shape) -> Shape:
    """The same with required members in alphabetical order: the model's order means nothing."""
    match shape:
        case Structure(members, required):
            return Structure({name: sorted_requirements(m) for name, m in members.items()}, tuple(sorted(required)))
        case Union(members):
            return Union({name: sorted_requirements(member) for name, member in members.items()})
        case List(member, minimum, maximum):
            return List(sorted_requirements(member), minimum, maximum)
    return shape
