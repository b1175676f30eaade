"""What this machine makes of an event by a memory's strategies: plain rules, no model, the same each time.

It is not the service's extraction, which asks a model. It exists so that an agent that reads what is remembered finds
something in the right namespace. Of the conversational messages of an event:

- SEMANTIC: each sentence of a USER that states something (at least three words, no question) is a record.
- USER_PREFERENCE: the same, but only sentences that say what somebody likes, wants or always does.
- SUMMARIZATION: one record for each session, replaced by each event: who said what, a line for each of the newest
  messages, each cut after its first sentence.
- EPISODIC: a record for each event in which a USER's message is followed by an ASSISTANT's: what was asked, and what
  came of it. Reflections are not made.
- CUSTOM: as the strategy that it overrides; its prompts and models are not asked. A self-managed one makes nothing:
  AgentCore would hand the events over to a pipeline of yours (memory-self-managed-strategies).

A sentence that is there already, in the same namespace, is not kept twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

SENTENCE_MAX: Final = 1000  # characters of one record
LINE_MAX: Final = 200  # characters of one line of a summary
_SENTENCE: Final = re.compile(r"[^.!?\u3002\uff01\uff1f\n]+[.!?\u3002\uff01\uff1f]*")
_QUESTION: Final = ("?", "\uff1f")
_WORDS_MIN: Final = 3
_PREFERENCE: Final = re.compile(
    r"\b(prefer\w*|favou?rite\w*|lik(e|es|ed)|lov(e|es|ed)|hat(e|es|ed)|enjoy\w*|dislike\w*|want\w*|wish\w*|always|never"
    r"|rather|allergic|vegetarian|vegan|interested)\b",
    re.IGNORECASE,
)
_OVERRIDDEN: Final = {
    "SEMANTIC_OVERRIDE": "SEMANTIC",
    "SUMMARY_OVERRIDE": "SUMMARIZATION",
    "USER_PREFERENCE_OVERRIDE": "USER_PREFERENCE",
    "EPISODIC_OVERRIDE": "EPISODIC",
}


class SaidMessage(NamedTuple):
    role: str
    text: str


class Extract(NamedTuple):
    """`source` is what it was made of: a later one of the same source replaces it."""

    text: str
    source: str


class NoNamespace(Exception):
    """A template names a variable that the event did not give."""


def messages(payload: Sequence[Mapping[str, Any]]) -> list[SaidMessage]:
    """The conversational part of an event."""
    said = [part["conversational"] for part in payload if "conversational" in part]
    return [SaidMessage(one["role"], one["content"]["text"]) for one in said]


def extracts(strategy: Mapping[str, Any], said: Sequence[SaidMessage], event: str, session: str) -> Iterator[Extract]:
    """What a strategy makes of the messages of one event; of a summary's, the session's newest ones."""
    match kind(strategy):
        case "SEMANTIC":
            yield from _statements(said)
        case "USER_PREFERENCE":
            yield from (found for found in _statements(said) if _PREFERENCE.search(found.text))
        case "SUMMARIZATION" if said:
            lines = (f"{message.role}: {_cut(_first(message.text), LINE_MAX)}" for message in said)
            yield Extract("\n".join(lines), f"session {session}")
        case "EPISODIC":
            yield from _episode(said, event)


def kind(strategy: Mapping[str, Any]) -> str:
    """The type of a strategy, or of the one that it overrides; "" for one that makes nothing here."""
    if strategy["type"] != "CUSTOM":
        return str(strategy["type"])
    return _OVERRIDDEN.get(strategy.get("configuration", {}).get("type", ""), "")


def namespace(strategy: Mapping[str, Any], actor: str, session: str, variables: Mapping[str, str]) -> str:
    """The template of a strategy, filled in. Raises NoNamespace."""
    known = {**variables, "actorId": actor, "sessionId": session, "memoryStrategyId": strategy["strategyId"]}
    template = strategy["namespaceTemplates"][0]
    for name in re.findall(r"\{(\w+)\}", template):
        if name not in known:
            raise NoNamespace(f"the namespace {template} needs {name}, and the event has no such namespace variable")
    return re.sub(r"\{(\w+)\}", lambda match: known[match[1]], template)


def _statements(said: Sequence[SaidMessage]) -> Iterator[Extract]:
    for message in said:
        if message.role == "USER":
            for match in _SENTENCE.finditer(message.text):
                sentence = match[0].strip()
                if not sentence.endswith(_QUESTION) and _is_long_enough(sentence):
                    yield Extract(_cut(sentence, SENTENCE_MAX), f"sentence {sentence.casefold()}")


def _is_long_enough(sentence: str) -> bool:
    """Scripts without blanks write three words in as many characters."""
    return len(sentence.split()) >= _WORDS_MIN or (not sentence.isascii() and len(sentence) > _WORDS_MIN)


def _episode(said: Sequence[SaidMessage], event: str) -> Iterator[Extract]:
    asked = next((message for message in said if message.role == "USER"), None)
    answers = [message for message in said if message.role == "ASSISTANT"]
    if asked and answers:
        text = f"Asked: {_cut(asked.text, SENTENCE_MAX)}\nAnswered: {_cut(answers[-1].text, SENTENCE_MAX)}"
        yield Extract(text, f"event {event}")


def _first(text: str) -> str:
    match = _SENTENCE.search(text)
    return match[0].strip() if match else text.strip()


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "\u2026"
