"""Variables as Docker's reference has them."""

from __future__ import annotations

import pytest

from agentcore_cli.builders.oci.variables import expanded, words
from agentcore_cli.errors import InputError

KNOWN = {"A": "one", "EMPTY": "", "PATH": "/bin"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A", "one"),
        ("${A}s", "ones"),
        ("/x:$PATH", "/x:/bin"),
        ("$NOTHING.", "."),
        ("${NOTHING:-$A}", "one"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY-two}", ""),
        ("${A:+set}", "set"),
        ("${NOTHING:+set}", ""),
        ("${NOTHING:-${A:-x}}", "one"),
        (r"\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A b"', "one b"),
        (r'"a \"b\" \x"', r'a "b" \x'),
        (r"a\ b", "a b"),
        ("100$", "100$"),
    ],
)
def test_a_word(text: str, value: str) -> None:
    assert expanded(text, KNOWN) == value


@pytest.mark.parametrize("text", ["${A", "${A!x}", "${NOTHING:?it is needed}"])
def test_what_can_t_be_replaced_is_told(text: str) -> None:
    with pytest.raises(InputError):
        expanded(text, KNOWN)


def test_words_keep_what_is_quoted_together() -> None:
    assert words("A=1  B='2 3' C=\"4 5\" D=6\\ 7") == ["A=1", "B='2 3'", 'C="4 5"', "D=6\\ 7"]
