"""One call and what comes of it: `invoke`, `chat`, `exec`."""
