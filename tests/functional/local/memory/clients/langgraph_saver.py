"""LangGraph's checkpointer and store on AgentCore Memory: a graph goes on where it was left."""

from __future__ import annotations

import json
import sys
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph_checkpoint_aws import AgentCoreMemorySaver


class State(TypedDict):
    count: int


def step(state: State) -> State:
    return {"count": state["count"] + 1}


def graph() -> object:
    builder = StateGraph(State)
    builder.add_node("step", step)
    builder.add_edge(START, "step")
    builder.add_edge("step", END)
    return builder.compile(checkpointer=AgentCoreMemorySaver(sys.argv[1], region_name="us-west-2"))


config = {"configurable": {"thread_id": "thread-1", "actor_id": "ann"}}
graph().invoke({"count": 1}, config)
again = graph()
found = again.get_state(config).values["count"]
again.update_state(config, {"count": 41})
after = graph().invoke(None, config) or again.get_state(config).values
history = [state.values.get("count") for state in graph().get_state_history(config)]
print(json.dumps({"found": found, "history": history}))
