"""The fake page of somebody else's serves what it was given, at any path, until it ends."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.fakes.foreign_page import foreign_page


def test_it_serves_and_ends() -> None:
    with foreign_page("<p>hello") as origin, urllib.request.urlopen(f"{origin}/anywhere") as answer:
        assert (answer.read(), answer.headers["content-type"]) == (b"<p>hello", "text/html")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(origin)
