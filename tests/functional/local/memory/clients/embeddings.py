"""Search with the extra `embeddings` installed, in the process. Prints what was found as JSON."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.fakes.local_memory import LocalMemory


def found(query: str, **members: object) -> list[tuple[str, float]]:
    asked = {"namespacePath": "/", "searchCriteria": {"searchQuery": query, "topK": 3}} | members
    summaries = local.call("RetrieveMemoryRecords", memoryId=notes, **asked)["memoryRecordSummaries"]
    return [(one["content"]["text"], one["score"]) for one in summaries]


with tempfile.TemporaryDirectory() as folder:
    local = LocalMemory(Path(folder))
    notes = local.create()
    tea, car = local.keep(notes, "I drink green tea every morning", "The car broke down on the motorway")
    local.keep(notes, "Automobile repair is expensive", namespace="/other/")
    local.settle()
    answers = {
        "way": dict(local.answer([local.asked("GetMemory", memoryId=notes)])[0].headers)["X-AgentCore-Local-Retrieval"],
        "sense": found("vehicle trouble", namespacePath="/facts")[0][0],
        "all": sorted(text for text, _ in found("automobile")),
        "words": found("I drink green tea every morning")[0][0],
        "nothing": found("!!!"),
    }
    changed = {"memoryRecordId": car, "timestamp": 1, "content": {"text": "Coffee in the evening"}}
    local.call("BatchUpdateMemoryRecords", memoryId=notes, records=[changed])
    local.call("DeleteMemoryRecord", memoryId=notes, memoryRecordId=tea)
    local.settle()
    answers["changed"] = [text for text, _ in found("vehicle trouble")]
    answers["beverage"] = found("espresso beverage")[0][0]
    local.close()
    local.open()
    answers["again"] = found("espresso beverage")[0][0]
    answers["scores"] = all(0 <= score <= 1 for _, score in found("coffee automobile tea"))
    local.close()
print(json.dumps(answers))
