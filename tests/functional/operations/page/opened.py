"""`agentcore open --target aws` while it runs, and a browser that it let in."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.command_line import CommandLine
from tests.page_visitor import PageAddress, PageVisitor

SECONDS = 120


@contextmanager
def opened_page(command: CommandLine) -> Iterator[PageVisitor]:
    """It is ended by Ctrl-C, and leaves no file behind."""
    process = CommandLine(command.folder, command.environment).start(
        "open", "--target", "aws", "--no-browser", "--json"
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        port = urlsplit(told["url"]).port
        assert port is not None
        address = PageAddress(port, Path(told["file"]))
        visitor = PageVisitor(address)
        assert visitor.log_in().status == 200
        yield visitor
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
        assert not address.file.exists()
    finally:
        process.kill()
        process.communicate()
