"""The local runtime: AgentCore's control plane and data plane on this machine, with its session promises.

One background server per user (`daemon` finds, starts and stops it; `server` is the process). It speaks AWS's wire
protocol, keeps its state in one folder (`home.Home`), and knows nothing of the config file, the command line or boto3.

A request walks like this. `application` makes a `request` of it and asks the `guard` who is there: somebody with the
server's key (`signatures`; a body is a `held_body` until it is known to be right), or one of the `session_tokens`. The
control plane's operations go to `control`, which changes the `store` and has `deployments` prepare `programs` (a
version's `snapshots`, its interpreter, its warm parent) and retire them. The data plane's go to `data_plane`: the
version behind the ARN, and whether its caller may (an `authorizer` asks the `issuer` of tokens for its keys, and looks
at their `claims`). Then `invocations` finds the session of the id in `sessions`, and the `proxy` carries the body to
the agent over `upstream`, and the answer back, as they arrive; `commands` runs a shell in the session instead, and a
`websocket` becomes a `conversation`. A refused invocation looks as the agent's protocol wants it by `envelopes`. What
the service has no operation for is `extension`, and `client` is its client. A session is served its deployer's AWS
`credentials`, which `brokers` find in processes of their own. Memories are `memory`'s, which has one, too.

A version may give its sessions `storage` that outlives them; `session_storage` brings the two together.

A session starts by `provisioning` (the `sandbox` starts a process tree, then the wait for its first ping), lives as
`session`, is looked at by `health` when the `schedule` says so, and leaves a line in the `ledger` and its file in
`logs`. All of it runs on one event loop; what takes long is done by other processes, or in a thread.
"""
