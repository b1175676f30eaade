"""`agentcore traces` on an account: spans and messages out of CloudWatch, and Transaction Search switched on."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from agentcore_cli import names
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.functional.operations.aws_target.conftest import cloud as cloud
from tests.functional.operations.aws_target.conftest import project as project
from tests.functional.operations.logs.log_group import LogGroup
from tests.same_process import SameProcess

TRACE, OTHER = "0af7651916cd43dd8448eb211c80319c", "5b8efff798038103d269b633813fc60c"


class Spans:
    """What AgentCore and an instrumented agent write into `aws/spans` and the runtime's own group."""

    def __init__(self, cloud: Cloud) -> None:
        runtime = cloud.the_runtime()
        self.runtime_id, self.arn = runtime["agentRuntimeId"], runtime["agentRuntimeArn"]
        self.own = LogGroup(cloud.moto, self.runtime_id).create()
        self.account = LogGroup(cloud.moto, self.runtime_id)
        self.account.name = "aws/spans"
        self.account.create()
        self.session = names.session_id("ann", self.arn, "DEFAULT")

    def span(self, number: int, name: str, *, trace: str = TRACE, parent: int = 0, **attributes: Any) -> str:
        now = time.time_ns() - 5_000_000_000
        told = {key.replace("__", "."): value for key, value in attributes.items()}
        return json.dumps(
            {
                "resource": {"attributes": {"cloud.resource_id": f"{self.arn}/runtime-endpoint/DEFAULT:DEFAULT"}},
                "scope": {"name": "strands.telemetry.tracer"},
                "traceId": trace,
                "spanId": f"{number:016x}",
                "parentSpanId": f"{parent:016x}" if parent else "",
                "name": name,
                "kind": "INTERNAL",
                "startTimeUnixNano": now + number,
                "endTimeUnixNano": now + 1_000_000_000,
                "attributes": {"session.id": self.session, **told},
                "status": {"code": "ERROR", "message": "no route"} if name == "GET" else {"code": "UNSET"},
            }
        )

    def messages(self, span: int, said: str, answered: str) -> str:
        sides = {"input": ("user", said), "output": ("assistant", answered)}
        body = {side: {"messages": [{"role": role, "content": text}]} for side, (role, text) in sides.items()}
        told = {"traceId": TRACE, "spanId": f"{span:016x}", "body": body, "timeUnixNano": 1}
        return json.dumps(told | {"attributes": {"event.name": "strands.telemetry.tracer"}})


@pytest.fixture
def agentcore(project: Project) -> SameProcess:
    project.deploy()
    return SameProcess(project.root, project.cloud.environment)


@pytest.fixture
def spans(agentcore: SameProcess, cloud: Cloud) -> Spans:
    made = Spans(cloud)
    chat = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "claude"}
    usage = {"gen_ai__usage__input_tokens": 12, "gen_ai__usage__output_tokens": 5}
    tool = {"gen_ai__operation__name": "execute_tool", "gen_ai__tool__name": "order"}
    made.account.write(
        made.span(1, "invoke_agent bot"),
        made.span(2, "chat", parent=1, **chat, **usage),
        made.span(3, "execute_tool order", parent=1, **tool),
        "no JSON",
        json.dumps({"traceId": TRACE, "spanId": 7, "note": made.runtime_id}),
    )
    made.own.write(made.messages(2, "Where is it?", "On its way."), made.span(4, "GET", parent=3))
    made.account.write(made.span(9, "of another session", trace=OTHER).replace(made.session, "b" * 40))
    return made


def test_traces_are_listed_by_the_account_s_spans(agentcore: SameProcess, spans: Spans) -> None:
    told = agentcore.json("traces", "list")["traces"]
    assert {trace["trace_id"] for trace in told} == {TRACE, OTHER}
    (line,) = agentcore.json("traces", "list", "--session-id", "ann")["traces"]
    assert (line["trace_id"], line["spans"], line["errors"], line["tools"]) == (TRACE, 4, 1, 1)
    assert (line["models"], line["input_tokens"], line["session_id"]) == (["claude"], 12, spans.session)
    assert "claude" in agentcore.run("traces", "list", "--session-id", "ann", "--since", "10m").stdout


def test_a_trace_is_joined_with_what_was_written_in_it(agentcore: SameProcess, spans: Spans) -> None:
    for named in (TRACE, TRACE[:8]):
        lines = agentcore.run("traces", "show", named).stdout.splitlines()
        assert lines[0].startswith(f"trace {TRACE}")
        assert "12 tokens in, 5 out" in lines[0]
        text = "\n".join(lines[1:])
        for part in ("invoke_agent bot", "─ chat  claude  12 in, 5 out", "input: Where is it?", "output: On its way."):
            assert part in text
        assert "error: no route" in text
    agentcore.run("traces", "show", "f" * 32, code=4)
    agentcore.run("traces", "list", "--follow", code=2)


def test_without_any_group_it_says_so(agentcore: SameProcess) -> None:
    ran = agentcore.run("traces", "list", code=4)
    assert "no span was written yet" in ran.stderr
    assert "doctor --target aws --traces" in ran.stderr


def test_enable_asks_changes_what_is_missing_and_then_nothing(agentcore: SameProcess, cloud: Cloud) -> None:
    agentcore.run("traces", "enable", code=2)
    assert cloud.search.destination == "XRay"
    told = agentcore.json("traces", "enable", "--yes")
    assert cloud.search.destination == "CloudWatchLogs"
    assert len(told["changed"]) == 2
    (policy,) = cloud.moto.client("logs").describe_resource_policies()["resourcePolicies"]
    (statement,) = json.loads(policy["policyDocument"])["Statement"]
    assert statement["Principal"] == {"Service": "xray.amazonaws.com"}
    assert agentcore.json("traces", "enable")["changed"] == []


def test_doctor_names_the_missing_piece_and_its_fix(agentcore: SameProcess, cloud: Cloud, project: Project) -> None:
    def found() -> dict[str, Any]:
        ran = agentcore.outcome("doctor", "--traces", "--json")
        return {check["name"]: check for check in json.loads(ran.stdout)["checks"]}

    iam = cloud.moto.client("iam")
    (role,) = cloud.roles()
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    before = found()
    assert (before["instrumentation"]["status"], before["role"]["status"]) == ("warn", "fail")
    assert before["transaction search"]["fix"] == before["log resource policy"]["fix"]
    assert before["transaction search"]["fix"].startswith("agentcore traces enable")
    agentcore.run("traces", "enable", "--yes")
    cloud.search.status = "ACTIVE"
    project.configure(otel="true")
    project.deploy()
    after = found()
    pieces = ("instrumentation", "role", "transaction search", "log resource policy")
    assert {after[name]["status"] for name in pieces} == {"ok"}


def test_a_local_target_needs_none_of_it(agentcore: SameProcess) -> None:
    ran = agentcore.run("--local", "traces", "enable", "--yes", code=2)
    assert "the local runtime keeps traces by itself" in ran.stderr
