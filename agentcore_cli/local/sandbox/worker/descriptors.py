"""What a process holds open: what it was given, and not what its parent happened to have."""

import os

_STREAMS = 3
_MAX = 65536  # no process of ours has more


def close_others(kept: "list[int]") -> None:
    """Close every descriptor but the standard streams and `kept`."""
    start = _STREAMS
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = max(start, descriptor + 1)
    os.closerange(start, _MAX)


def silence() -> None:
    """Let go of the standard streams that were inherited: /dev/null takes their place."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(_STREAMS):
        os.dup2(nothing, stream)
    os.close(nothing)
