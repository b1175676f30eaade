"""What the local runtime draws from what was said: called for each event, once for each strategy of the memory.

It gets the strategy (`name`, `type`, `strategyId`) and the event (`actorId`, `sessionId`, `messages` of `role` and
`text`, `payload`), and gives texts, each of which becomes a record in the strategy's namespace.
"""

import re
from collections.abc import Iterator
from typing import Any

ORDER = re.compile(r"\border (\d+)\b", re.IGNORECASE)


def extract(strategy: dict[str, Any], event: dict[str, Any]) -> Iterator[str]:
    for message in event["messages"]:
        if message["role"] == "USER":
            for number in ORDER.findall(message["text"]):
                yield f"{event['actorId']} asked about order {number}"
