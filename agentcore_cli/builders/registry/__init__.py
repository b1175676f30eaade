"""Registries over HTTP, with no engine between: the distribution API, as a client of it sees it.

`reference` takes names of images apart, `transport` sends requests again that may be sent again, `access` answers
challenges, `registry` has the calls and `upload` brings a blob up. Source: github.com/opencontainers/distribution-spec,
and distribution.github.io/distribution/spec/auth for tokens.
"""
