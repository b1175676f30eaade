"""What an AWS region is called. Any well-formed name is taken, so that a new region needs no release of ours."""

from __future__ import annotations

import re
from typing import Final

# The partitions' own patterns (botocore's partitions.json), with the directions that regions are named after.
_REGION: Final = re.compile(
    r"(us|eu|ap|sa|ca|me|af|il|mx|cn|us-gov|us-iso[bf]?|eu-isoe|eusc-de)-"
    r"(central|north|south|east|west|northeast|northwest|southeast|southwest)-[1-9]\d?"
)
# To suggest from: the regions of the Runtime in the developer guide (agentcore-regions).
_KNOWN: Final = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
)


def region_fault(region: str) -> str | None:
    """What is wrong with a region's name, or None."""
    if _REGION.fullmatch(region):
        return None
    import difflib

    close = difflib.get_close_matches(region.lower(), _KNOWN, n=1)
    return f"{region!r} is no AWS region; " + (f"did you mean {close[0]}?" if close else "for example us-west-2")
