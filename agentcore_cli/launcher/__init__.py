"""What starts an agent that has secrets on AWS: it fetches them by the agent's role, then becomes the agent.

The folder is copied into the image as it is, with `signature.py`, and runs on the image's own Python, 3.10 or newer,
with the standard library alone: the agent's packages need have no boto3, an agent that brings an old one keeps it, and
the fetching costs tens of milliseconds instead of the half second of boto3's imports. Python is told to look nowhere
else (`-I`), so that no file of the agent stands in for a module here. Values go into the environment of the process
that the launcher turns into by exec, and nowhere else: its own words name variables and sources alone.
"""
