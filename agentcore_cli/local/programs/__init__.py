"""Versions of runtimes made ready to run, and what they run in."""
