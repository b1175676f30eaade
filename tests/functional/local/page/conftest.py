"""A server for a whole file of tests, with an agent that answers in every way, and a browser that was let in."""

from __future__ import annotations

import pytest

from tests.functional.local.server.conftest import answers as answers
from tests.functional.local.server.conftest import server as server
from tests.local_runtime import RunningServer
from tests.page_visitor import PageVisitor


@pytest.fixture
def visitor(server: RunningServer) -> PageVisitor:
    visitor = PageVisitor(server.info)
    assert visitor.log_in().status == 200
    return visitor
