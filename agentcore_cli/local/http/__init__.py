"""HTTP as the local runtime speaks it: requests that come in, connections to agents, and what goes between them."""
