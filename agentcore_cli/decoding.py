"""Bytes of a person's file or pipe as text: editors and shells of Windows begin them with a byte order mark."""

from __future__ import annotations

import codecs
from typing import Final

# Those of UTF-32 first: one begins like one of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_of(data: bytes) -> str:
    """Text in UTF-8, or in what the mark at its beginning says. Raises UnicodeDecodeError."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding)
    return data.decode()


def lenient_text_of(data: bytes) -> str:
    """The same; what is no text in it is kept, and comes out again with `errors="surrogateescape"`."""
    try:
        return text_of(data)
    except UnicodeDecodeError:
        return data.decode(errors="surrogateescape")
