"""Images without an engine: layers packed here, a config and a manifest written by us upon those of the base image.

`dockerfile` reads the Dockerfile, the generated one or a person's own, and refuses what would have to run in the image.
`assembly` goes through its instructions: a COPY becomes a layer (`layers`), everything else a line of the config. It
looks at the folders of the base image (`root`), since a layer that holds a folder says whose it is. `blobs` keeps what
was packed and fetched, by digest; `base` finds the base image; `archive` writes all of it to a file; `push` brings it
to a registry.

Reproducible: the same project, base image and version of agentcore give the same bytes on every machine. A layer holds
its files in the order of their names, with times, owners and modes of ours; it is compressed by the library `deflate`,
which is required in one version and brings its own code: what zlib makes differs between systems and Pythons. The
packages are compiled where the agent's Python is installed; with and without it they differ.
"""
