"""The session's log file: every line of the agent's output as `2026-11-22T00:00:00.123Z <text>`, capped in size."""

import errno
import os
import time
from collections.abc import Callable

FILE_MAX = 64 * 1024**2  # bytes; beyond, the older half goes
LINE_MAX = 256 * 1024  # bytes; longer lines are split
MARK = b"agentcore: "  # what our own lines begin with
_COPY = 1024**2


class Log:
    """Writes to an open file. A line is stamped with the time when its end arrives.

    `warn` gets what lines say that `differences` has written, without their mark.
    """

    def __init__(self, descriptor: int, file_max: int = FILE_MAX, warn: "Callable[[str], None] | None" = None) -> None:
        self._descriptor = descriptor
        self._file_max = file_max
        self._size = os.fstat(descriptor).st_size
        self._partial = b""
        self._lost = 0
        self._warn = warn

    def write(self, data: bytes) -> None:
        """Take output as it comes, in pieces of any size."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        while len(self._partial) > LINE_MAX:
            lines.append(self._partial[:LINE_MAX])
            self._partial = self._partial[LINE_MAX:]
        self._record(lines)

    def close(self) -> None:
        """Write what had no end of line."""
        if self._partial:
            self._record([self._partial])
        self._partial = b""

    def _record(self, lines: "list[bytes]") -> None:
        if self._warn is not None:
            for line in lines:
                if line.startswith(MARK):
                    self._warn(line[len(MARK) :].decode(errors="replace"))
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z "
        start = stamp.encode()
        if self._lost:
            lines.insert(0, b"%d bytes of output were lost: no space left on the device" % self._lost)
        pieces = (line[at : at + LINE_MAX] for line in lines for at in range(0, len(line) or 1, LINE_MAX))
        self._append(b"".join(b"%b%b\n" % (start, piece) for piece in pieces))

    def _append(self, data: bytes) -> None:
        if self._size + len(data) > self._file_max:
            self._drop_older_half()
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], self._size + written)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            os.ftruncate(self._descriptor, self._size)
            self._lost += len(data)
            return
        self._size += len(data)
        self._lost = 0

    def _drop_older_half(self) -> None:
        source = max(0, self._size - self._file_max // 2)
        start = os.pread(self._descriptor, LINE_MAX * 2, source)
        source += start.find(b"\n") + 1
        target = 0
        while piece := os.pread(self._descriptor, _COPY, source + target):
            target += os.pwrite(self._descriptor, piece, target)
        os.ftruncate(self._descriptor, target)
        self._size = target
