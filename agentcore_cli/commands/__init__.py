"""The verbs. Each parses its options into one typed request, calls one operation, and shows the typed result."""
