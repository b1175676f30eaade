"""The sessions of a target."""
