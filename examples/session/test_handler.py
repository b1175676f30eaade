"""The promises of sessions, tested on the agent itself: `pytest`, with agentcore-toolkit installed, is all it takes."""


def test_a_session_remembers(agentcore_runtime):
    agent = agentcore_runtime.deploy("handler.py")

    first = agent.invoke({"prompt": "Hello"}, session_id="test-session-001")
    second = agent.invoke({"prompt": "World"}, session_id="test-session-001")

    assert first["message_count"] == 1
    assert second["message_count"] == 2
    assert second["earlier_messages"] == ["Hello"]


def test_sessions_are_isolated(agentcore_runtime):
    agent = agentcore_runtime.deploy("handler.py")

    a = agent.invoke({"prompt": "Hello"}, session_id="session-a")
    b = agent.invoke({"prompt": "Hello"}, session_id="session-b")

    assert a["message_count"] == b["message_count"] == 1


def test_a_session_ends_after_a_quarter_of_an_hour_without_a_call(agentcore_runtime):
    agent = agentcore_runtime.deploy("handler.py")
    agent.invoke({"prompt": "Hello"}, session_id="conv")

    agentcore_runtime.advance_clock("16m")

    assert agent.invoke({"prompt": "Anybody there?"}, session_id="conv")["message_count"] == 1
