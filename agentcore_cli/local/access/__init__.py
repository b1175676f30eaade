"""Who may call: the key of the owner, tokens of sessions, and bearer tokens of an issuer."""
