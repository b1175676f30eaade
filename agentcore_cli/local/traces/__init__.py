"""What sessions did, call by call: traces of OpenTelemetry.

`intake` takes the exports of sessions, at `/_session/<token>/otlp/v1/traces` and `/logs`, and `calls`, which the proxy
makes of each invocation, so that there is a trace without any instrumentation. `context` is how the two come together:
the agent is told the call's span as its parent. Whose spans they are is known by the token alone, and a session reads
none.

They are kept by a process of their own (`storing`; `worker` is what it does, `frames` what it is asked), which starts
with the first export or the first reader: until then calls go into a `spool`. There an export is read (`bodies`,
`protobuf`), cut to what is worth keeping (`trimming`), written to the `parts` of its session in the `tables`, read by
`reading`, and deleted by `cleaning`.
"""
