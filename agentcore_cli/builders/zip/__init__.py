"""Code for AgentCore's own Python (direct code deployment): a zip of the project and its packages."""
