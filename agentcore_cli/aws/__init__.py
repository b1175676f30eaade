"""Thin typed clients of AWS, one service each: requests in its words, answers as values, errors translated in one
place.

Knows no config, no state and nothing of who owns what. A client gets its region, endpoint and credentials from a
`AwsSession`, so the local runtime is one more endpoint. The data plane client is ours alone; the rest is boto3.
"""
