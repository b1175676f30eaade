"""From source to artifact.

`source` says which files belong to an agent, by Docker's ignore rules; `packages` and `environment` install what it
requires with uv; a builder makes one artifact of both, addressed by the hash of what went in, and a publisher brings it
to where AgentCore fetches it. `builder` has the two interfaces, as google/ko has them: `Build(project) -> artifact`,
`Publish(artifact, name) -> reference`. `choice` says which builder it is. Nothing here knows the config file, AWS's API
or who owns what; folders and versions are arguments, progress is told to a callable.
"""
