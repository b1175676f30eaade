"""The real parts of the end-to-end tests: Docker Engine, a registry that poses as ECR, and moto for the rest of AWS.

Everything is started by us, as processes known by pid with their logs in one folder, and stopped again. What belongs to
the whole machine (the engine, the registries on port 443 and their names in /etc/hosts) is shared by all test
processes that run at the time, `machine`; what a test file changes at will (moto, the local runtime, the proxy in front
of both) is its own, `account`.
"""
