"""What a person or a script sees: results on stdout, everything else on stderr.

Knows how to paint and to ask; knows neither AWS nor the config. rich is imported only where a live display is drawn.
"""

from agentcore_cli.ui.output import Output

__all__ = ["Output"]
