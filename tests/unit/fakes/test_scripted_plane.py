from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.fakes.scripted_plane import Asked, ScriptedPlane, answer


def test_it_keeps_what_it_was_asked_and_answers_by_the_script() -> None:
    with ScriptedPlane([answer(200, b"one", X_Name="a"), answer(404, b"two")]) as plane:
        request = urllib.request.Request(f"{plane.url}/path?q", b"body", {"X-Mine": "v"})
        with urllib.request.urlopen(request, timeout=5) as first:
            assert (first.read(), first.headers["X-Name"]) == (b"one", "a")
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=5)
            caught.value.close()
        assert len(plane.asked) == 3
        (asked, *_) = plane.asked
    assert isinstance(asked, Asked)
    assert (asked.line, asked.headers["x-mine"], asked.body) == ("POST /path?q HTTP/1.1", "v", b"body")
