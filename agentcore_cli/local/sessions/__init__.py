"""The sessions that live: how one starts, goes on and ends."""
