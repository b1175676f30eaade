"""LangGraph's checkpointer and store where a graph is more than one step, beside LangGraph's own in the process.

Prints what was found as JSON.
"""

from __future__ import annotations

import asyncio
import json
import operator
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from langgraph_checkpoint_aws import AgentCoreMemorySaver, AgentCoreMemoryStore

memory_id = sys.argv[1]


class State(TypedDict):
    said: Annotated[list[str], operator.add]


def ask(state: State) -> State:
    return {"said": [interrupt("which?")]}


inner = StateGraph(State)
inner.add_node("deep", ask)
inner.add_edge(START, "deep")


def graph(saver: Any, last: Any = ask) -> Any:
    """Two steps at once, then one, or a graph in it, that asks."""
    builder = StateGraph(State)
    builder.add_node("left", lambda state: {"said": ["links ü"]})
    builder.add_node("right", lambda state: {"said": ["x" * 200_000]})
    builder.add_node("ask", last)
    for step in ("left", "right"):
        builder.add_edge(START, step)
        builder.add_edge(step, "ask")
    builder.add_edge("ask", END)
    return builder.compile(checkpointer=saver)


def thread(name: str, actor: str = "ann") -> Any:
    return {"configurable": {"thread_id": name, "actor_id": actor}}


def outcome(saver: Callable[[], Any], name: str) -> dict[str, Any]:
    """What a graph remembers, each step with a checkpointer of its own."""
    found: dict[str, Any] = {}
    long = thread((name + "t" * 100)[:100], "user/1:" + "a" * 200)
    found["stopped"] = [each.value for each in graph(saver()).invoke({"said": ["日本語"]}, long)["__interrupt__"]]
    found["resumed"] = [text[:9] for text in graph(saver()).invoke(Command(resume="this"), long)["said"]]
    history = list(graph(saver()).get_state_history(long))
    found["history"] = [(state.next, len(state.values["said"]), state.metadata["step"]) for state in history]
    found["some"] = len(list(graph(saver()).get_state_history(long, limit=2, before=history[1].config)))
    forked = graph(saver()).update_state(history[1].config, {"said": ["fork"]}, as_node="left")
    found["forked"] = graph(saver()).get_state(forked).values["said"][-1]
    found["newest"] = len(graph(saver()).get_state(long).values["said"])
    found["sources"] = [state.metadata["source"] for state in graph(saver()).get_state_history(long)]
    nested, sub = thread(f"{name}nested"), inner.compile(checkpointer=True)
    graph(saver(), sub).invoke({"said": []}, nested)
    found["inner waits"] = graph(saver(), sub).get_state(nested, subgraphs=True).tasks[0].state.next
    found["inner"] = len(graph(saver(), sub).invoke(Command(resume="in"), nested)["said"])

    async def later() -> list[int]:
        config = thread(f"{name}async")
        await graph(saver()).ainvoke({"said": ["a"]}, config)
        return [len(state.values["said"]) async for state in graph(saver()).aget_state_history(config)]

    found["async"] = asyncio.run(later())
    return found


def ours(**options: Any) -> Any:
    return AgentCoreMemorySaver(memory_id, region_name="us-west-2", **options)


kept = InMemorySaver()
expected = outcome(lambda: kept, "kept")
found: dict[str, Any] = {}
for name, options in (("legacy", {}), ("snapshot", {"checkpoint_format": "snapshot"})):
    seen = outcome(lambda options=options: ours(**options), name)
    found[name] = {key: (seen[key], expected[key]) for key in expected if seen[key] != expected[key]}

with ThreadPoolExecutor(8) as pool:
    at_once = pool.map(lambda n: len(graph(ours()).invoke({"said": ["x"]}, thread(f"t{n}"))["said"]), range(8))
    found["at once"] = list(at_once)
ours().delete_thread("t0", "ann")
found["deleted"] = [graph(ours()).get_state(thread(name)).values != {} for name in ("t0", "t1")]
found["another actor"] = graph(ours()).get_state(thread("t1", "bob")).values

store = AgentCoreMemoryStore(memory_id=memory_id, region_name="us-west-2")
store.put(("ann", "s1"), "m1", {"message": HumanMessage("I like green tea and café noir. 日本語")})
store.put(("ann", "s1"), "m2", {"message": AIMessage("Noted")})
deadline = time.monotonic() + 60
while not (items := store.search(("facts", "ann"), query="cafe", limit=5)):
    assert time.monotonic() < deadline, "nothing was extracted"
    time.sleep(0.1)
found["store"] = [(item.value["content"], item.value["namespaces"], 0 < item.score <= 1) for item in items]
found["by id"] = store.get(("facts", "ann"), items[0].key).value["content"]
found["no id"] = store.get(("facts", "ann"), "mem-" + "0" * 36)
found["other words"] = store.search(("facts", "bob"), query="cafe")
print(json.dumps(found))
