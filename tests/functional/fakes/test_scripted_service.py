from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from tests.fakes.scripted_service import ScriptedService


def test_it_answers_in_order_and_then_the_same() -> None:
    with ScriptedService((200, {"a": 1}), (400, {"b": 2})) as service:
        request = urllib.request.Request(service.url, b'{"asked": true}', {"X-Who": "me"})
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer) == {"a": 1}
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError, match="400") as refused:
                urllib.request.urlopen(request)
            refused.value.close()
        assert [body for _, body in service.asked] == [{"asked": True}] * 3
        assert service.asked[0][0]["x-who"] == "me"
