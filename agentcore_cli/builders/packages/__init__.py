"""What a project requires, resolved and installed by uv for the machine that runs it."""
