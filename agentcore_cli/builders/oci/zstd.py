"""zstd, as far as this machine reads it: by Python from 3.14 on, else by the package zstandard."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

MAGIC: Final = b"\x28\xb5\x2f\xfd"  # what its files begin with (RFC 8878)


def opened(path: Path) -> IO[bytes] | None:
    """What is in the file, all of its frames; None when nothing here reads it."""
    with suppress(ImportError):
        from compression import zstd

        return cast(IO[bytes], zstd.open(path))
    with suppress(ImportError):
        import zstandard

        return cast(IO[bytes], zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True))
    return None


def errors() -> tuple[type[Exception], ...]:
    """What reading it raises for what is damaged."""
    with suppress(ImportError):
        from compression.zstd import ZstdError

        return (ZstdError,)
    with suppress(ImportError):
        from zstandard import ZstdError

        return (ZstdError,)
    return ()
