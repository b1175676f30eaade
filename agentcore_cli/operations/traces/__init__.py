"""What calls of an agent did: traces of the local runtime, and of AWS.

`traces` lists and finds them, `tree` makes of a trace's spans what belongs below what, `following` waits for more.
"""
