"""`memory` of an agent: a name, an id, or a mapping, each with its rules."""

from __future__ import annotations

import pytest

from agentcore_cli.config import MemoryConfig, Strategy, parse
from agentcore_cli.errors import ConfigError

TEXT = "version: 1\nproject: p\nagents:\n  bot:\n    entrypoint: h.py\n    memory: {memory}\n"
ROLE = "arn:aws:iam::123456789012:role/Memories"
PROMPT = "{model: m, prompt: p}"


def memory_of(text: str) -> MemoryConfig | None:
    return parse(TEXT.replace("{memory}", text), "x").agents["bot"].whole_memory


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("notes", MemoryConfig("notes")),
        ("notes-AbCdEf0123", MemoryConfig("notes-AbCdEf0123")),
        ("{name: notes, expiry_days: 7}", MemoryConfig("notes", expiry_days=7)),
        (
            "{name: notes, strategies: [{type: semantic, name: facts, namespace: '/f/{actorId}'}, {type: summary}]}",
            MemoryConfig(
                "notes", strategies=(Strategy("semantic", name="facts", namespace="/f/{actorId}"), Strategy("summary"))
            ),
        ),
    ],
    ids=["name", "id", "mapping", "strategies"],
)
def test_it_is_read(text: str, expected: MemoryConfig) -> None:
    assert memory_of(text) == expected


def test_an_id_is_told_from_a_name() -> None:
    assert (MemoryConfig("notes").supplied_id, MemoryConfig("notes-AbCdEf0123").supplied_id) == (
        None,
        "notes-AbCdEf0123",
    )
    assert MemoryConfig("notes-AbCdEf0123").label == "notes"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no-tes", "memory: 'no-tes' is not a memory's name"),
        ("5", 'memory: 5 is not a string; put it in quotes: "5"'),
        ("[]", "memory: a list, expected a string"),
        ("{nam: notes}", "memory.nam: unknown key; did you mean name?"),
        ("{name: notes, expiry_days: 2}", "memory.expiry_days: 2 is below 3 (days)"),
        ("{name: notes, expiry_days: 3651}", "memory.expiry_days: 3651 is above 3650 (days)"),
        ("{name: n, strategies: [{type: semantik}]}", "memory.strategies[0].type: 'semantik' is none of"),
        (
            "{name: n, strategies: [{type: semantic}, {type: semantic}]}",
            "memory.strategies[1].name: semantic is taken; give it another",
        ),
        (
            "{name: n, strategies: [" + ", ".join(f"{{type: semantic, name: s{n}}}" for n in range(7)) + "]}",
            "memory.strategies: 7 entries, at most 6 are allowed",
        ),
        ("{name: n, strategies: [{type: semantic, namespace: '/f {x}'}]}", "namespace: '/f {x}' is not a namespace"),
        (
            "{name: notes-AbCdEf0123, strategies: [{type: semantic}]}",
            "memory.strategies: notes-AbCdEf0123 is an id, and that memory is used as it is; take this out",
        ),
        (f"{{name: n, strategies: [{{type: semantic, extraction: {PROMPT}}}]}}", "extraction: is a custom strategy's"),
        (
            f"{{name: n, execution_role: '{ROLE}', strategies: [{{type: custom}}]}}",
            "memory.strategies[0].override: missing: which of",
        ),
        (
            f"{{name: n, strategies: [{{type: custom, override: semantic, extraction: {PROMPT}}}]}}",
            "a custom strategy calls models: memory.execution_role",
        ),
        (
            f"{{name: n, execution_role: '{ROLE}', "
            f"strategies: [{{type: custom, override: summary, extraction: {PROMPT}}}]}}",
            "a summary has no extraction",
        ),
        ("{name: n, strategies: [{type: summary, reflection_namespace: /r}]}", "only episodic strategies reflect"),
    ],
)
def test_a_fault_is_told_at_its_key(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        memory_of(text)
    assert fault in raised.value.message
