"""AgentCore Memory on this machine: memories, the events and records in them, and the search over those.

It speaks both of the service's planes as boto3 does (`/memories/…`, and `/tags/…` for the ARN of a memory). All of it
is done by a process of its own (`storing`; `worker` is what it does), so that no commit, no search and no large body
holds up the server's event loop; that process ends with the server, whose end closes the socket between the two.
`frames` is what it is asked.

In the process a request walks one way: `operations` finds what it is for, its members are checked against `shapes` and
`resource_shapes`, and `memories`, `events`, `listings`, `records` or `jobs` perform it on the `tables`. Whatever writes
and came in meanwhile is one transaction: a commit, which outlives a power cut, is paid once for all who wait for it.
What is left to do behind the answers (`chores`) is found in the tables, so a restart goes on with it: `extraction`
makes records of events by the memory's strategies, and what has expired or was deleted goes.

Times come with each request: the process knows no clock.
"""
