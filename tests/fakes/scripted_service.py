"""A service of AWS that answers as it was told, one answer after the other, the last one for ever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.threaded import Handler, ThreadedServer


class ScriptedService(ThreadedServer):
    """Use it in a `with`. `asked` has the headers, by lower-case name, and the body of every request."""

    def __init__(self, *answers: tuple[int, Mapping[str, Any]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[dict[str, str], Any]] = []
        super().__init__(_handler_for(self))


def _handler_for(service: ScriptedService) -> type[Handler]:
    class Scripted(Handler):
        def do_POST(self) -> None:
            body = json.loads(self.read_body())
            service.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, answer = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
            self.answer(status, answer, headers={"Location": answer["to"]} if status in (301, 307) else None)

    return Scripted
