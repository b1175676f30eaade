"""The least that calls an agent with boto3. Usage: python bare_boto3.py RUNTIME_ARN SESSION_ID PAYLOAD"""

import sys

import boto3

arn, session_id, payload = sys.argv[1:]
answer = boto3.client("bedrock-agentcore").invoke_agent_runtime(
    agentRuntimeArn=arn, runtimeSessionId=session_id, payload=payload
)
print(answer["response"].read().decode())
