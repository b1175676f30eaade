"""The agent's side of a WebSocket: the library's client, with limits to what the agent may say."""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame
from websockets.protocol import State

from agentcore_cli.local.http.frames import AGENT_FRAMES_PER_SECOND, FrameLimits, pieces


class AgentSocket(ClientConnection):
    """`flooded` says why it was hung up on, where the agent sent more than it may."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.flooded = ""
        self._limits = FrameLimits(asyncio.get_running_loop().time, AGENT_FRAMES_PER_SECOND)
        self._taking_in = False

    def data_received(self, data: bytes) -> None:
        self._taking_in = True
        for piece in pieces(data):
            if not self.flooded:
                super().data_received(piece)
        self._taking_in = False

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame) and not self.flooded:
            self.flooded = self._limits.excess(event)
            if self.flooded:
                self.transport.abort()
        if not self.flooded:
            super().process_event(event)

    def send_data(self) -> None:
        """Answers to pings are kept for nobody: an agent that does not read them gets none."""
        if self._taking_in and self.paused and self.protocol.state is State.OPEN:
            self.protocol.data_to_send()
            return
        super().send_data()
