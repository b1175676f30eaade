"""A project's own extraction (`memory.local_extraction`): its file is called in place of the plain rules.

It is code of a checkout, and the process that keeps the memories has every right of its user. So it runs as a session
of the agent does: behind the same walls, with the agent's interpreter and packages and the code that was deployed, but
without a network, without any variable of the agent's and any key, with limits of its own. `worker` starts it
and talks to it, in JSON lines; `reader` is the program in there, by the standard library alone; `extractions` takes the
events that wait from the memories, and gives back what was found.

Whatever it does, no event is lost: one waits until there is an answer for it, and what fails is a failed extraction
job.
"""
