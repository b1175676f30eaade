"""The language the input shapes are written in: what botocore's models say of a member, as data.

Sizes are inclusive. `sensitive` values are never repeated in an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class String:
    """`pattern` must match as a whole; `minimum` and `maximum` count characters."""

    minimum: int = 0
    maximum: int | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Integer:
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Double:
    """A number, finite."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Seconds since the epoch, as rest-json carries them in a body."""


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """Any JSON."""

    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Boolean:
    pass


@dataclass(frozen=True, slots=True)
class List:
    member: Shape
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Map:
    key: String
    value: Shape
    minimum: int = 0
    maximum: int | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """Members that the shape does not name are ignored, as the service does."""

    members: Mapping[str, Shape]
    required: tuple[str, ...] = field(default=())
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """Exactly one of the members is set."""

    members: Mapping[str, Shape]


Shape = String | Integer | Double | Timestamp | JsonDocument | Boolean | List | Map | Structure | Union


def enum(*values: str) -> String:
    return String(values=values)


def structure(required: str = "", /, **members: Shape) -> Structure:
    """A Structure whose required members are named in one string, separated by blanks."""
    return Structure(members, tuple(required.split()))


def union(**members: Shape) -> Union:
    return Union(members)
