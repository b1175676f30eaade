"""Formats that answers and logs come in: bytes in, typed pieces out. Nothing here does I/O."""
