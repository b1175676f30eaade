"""The things we own, one file each: what it should be, what it is, how to make it so, how to remove it.

A resource knows its service's client and its own rules, and neither the state file nor the other resources nor the ui.
What the config means for it is handed to it as values. The engine compares and orders.
"""
