"""From source to artifact.

`source` says which files belong to an agent, by Docker's ignore rules; `environment` installs what it requires with uv;
`bundle` packs both into a file named by the hash of what went in. Nothing here knows the config file, AWS or who owns
what; folders and versions are arguments, progress is told to a callable.
"""
