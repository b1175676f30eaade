"""What a caller hears when the agent itself fails: the service's words, and the agent's own beside them.

The service tells no more than the status and where to look (runtime-http-protocol-contract); `detail` is ours, for
the person at the terminal: how the process ended, what it answered, the last lines of its log.
"""

from __future__ import annotations

import asyncio
from typing import Final

from agentcore_cli.contract import SYNC_REQUEST_SECONDS
from agentcore_cli.local.http.proxy import AgentRefused, ProxiedExchange
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.sessions import logs
from agentcore_cli.local.sessions.routes import without_route
from agentcore_cli.local.sessions.session import Session
from agentcore_cli.local.sessions.whereabouts import Advice

NEWS_SECONDS: Final = 5.0  # how long to wait for the reason why an agent hung up
LOG_SECONDS: Final = 0.05  # how long an agent's last lines may take into its log


async def refused(session: Session, refusal: AgentRefused, request: tuple[str, str], began: float) -> ServiceFault:
    """The agent answered `request`, method and path, with an error. `began`: when that was, in epoch seconds."""
    await asyncio.sleep(LOG_SECONDS)
    said = refusal.body.decode(errors="replace").strip()
    advice = without_route(refusal.status, session.version.settings.protocol, request, said)
    message = f"Received error ({refusal.status}) from runtime. Please check your CloudWatch logs for more information"
    return ServiceFault.runtime_client_error(message, detail=_detail(said, session, began, advice))


async def lost(session: Session, exchange: ProxiedExchange, began: float, known: str) -> ServiceFault:
    """The agent gave no answer: it ended, was ended, took too long, just closed the connection, or what is `known`."""
    if exchange.overdue:
        why = f"The agent did not answer within {SYNC_REQUEST_SECONDS} s."
        return ServiceFault(504, "GatewayTimeoutException", why)
    why = known or await _why(session)
    await asyncio.sleep(LOG_SECONDS)
    return ServiceFault.runtime_client_error(f"Runtime {why}", detail=_detail("", session, began))


async def _why(session: Session) -> str:
    if session.process is not None:
        await asyncio.wait({session.process.exited}, timeout=NEWS_SECONDS)
        if session.process.exited.done():
            return session.end_reason or f"{session.process.exited.result().describe()} before it answered"
    return "closed the connection without an answer"


def _detail(first: str, session: Session, began: float, advice: Advice | None = None) -> str:
    """What goes well here alone may be why it goes wrong: a program of this machine, say."""
    tail = logs.tail(session.log, since=began)
    said = "\n".join(tail)
    warnings = [f"warning: {warning}" for warning in session.warnings() if warning not in said]
    advised = [advice.message, advice.lines] if advice else []
    return "\n".join(filter(None, [first, *tail, *advised, *warnings, session.lacks_credentials]))
