"""Databases that processes of their own keep, so that no commit and no large body holds up the server's event loop.

`process` is such a process as the server sees it, `serving` its loop, `frames` what the two say to each other.
"""
