"""`agentcore memory`: memories on a target, what is in them, and how it gets from one to another.

`chosen` finds the memory that somebody means by its name or id. `manage` makes, lists, shows and deletes memories,
`contents` reads what is in one, `export` and `bring` are the two ways of a file of JSON lines (`lines`).
"""
