"""What a part of a trace has grown to, while spans are added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentcore_cli.formats import genai, otlp
from agentcore_cli.formats.otlp import Span

SPANS_MAX: Final = 10_000  # of a session in a trace
BYTES_MAX: Final = 33_554_432  # of a session in a trace
MODELS_MAX: Final = 500  # characters of their names


@dataclass(slots=True)
class PartTally:
    """`models`, `spans` and `bytes` are all of the part's; `errors` and what follows is what came to it just now."""

    part: int
    started: int
    ended: int
    models: str = ""
    spans: int = 0
    bytes: int = 0
    errors: int = 0
    input: int = 0
    output: int = 0
    tools: int = 0
    dropped: int = 0
    grown: int = 0

    def has_room(self, size: int) -> bool:
        """Whether so many bytes more are kept; if not, they are counted as dropped."""
        if self.spans < SPANS_MAX and self.bytes + size <= BYTES_MAX:
            return True
        self.dropped += 1
        return False

    def count(self, span: Span, size: int) -> None:
        self.spans += 1
        self.bytes += size
        self.grown += size
        self.errors += span.has_failed
        found = genai.summary(otlp.plain_attributes(span.attributes))
        self.tools += found.work == "tool"
        if found.work == "model":  # what an agent's span says is the sum of its models'
            self.input += found.input_tokens
            self.output += found.output_tokens
            self._add_model(found.model.replace(" ", "_")[:100])

    def _add_model(self, model: str) -> None:
        if model and model not in self.models.split() and len(self.models) < MODELS_MAX:
            self.models = f"{self.models} {model}".strip()
