"""The local runtime: AgentCore's control plane and data plane on this machine, with its session promises.

One background server per user. It speaks AWS's wire protocol, keeps its state in one folder (`home.Home`), starts one
isolated process tree per session (`sandbox`), and knows nothing of the config file, the command line or boto3.
"""
