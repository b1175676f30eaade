"""The part of the sandbox that the agent's own interpreter runs. It knows nothing but the standard library.

Python 3.10 syntax, no import from outside this folder. Run as `python <this folder> ROLE DESCRIPTOR`; roles:

- `keeper`   makes the walls (`root`, `account`, `interpreter`, `paths`) by the server's own interpreter, starts the
             parent inside, and outlasts it as pid 1;
- `parent`   one per program: imports what the agent imports (`imports`), then forks one `init` per session (`forks`);
- `init`     the session's first process: builds what the session sees of the file system (`mounts`), starts the agent,
             writes its output to the log (`log`), ends with the server;
- `agent`    becomes the `program` that the user wrote, with its port led to a Unix socket (`ports`, `loops`), in the
             Pythons that it starts, too (`descendants`);
- `storage`  mounts a session's storage when its agent serves (`detached`), by the server's own interpreter;
- `probe`    tries `mounts` and `guards` for real and says what the machine refused;
- `guards`   tries `guards` alone, where there are no namespaces.

`kernel` holds the system calls that Python lacks, `channel` the JSON lines exchanged with the server, `children` the
watching of processes, `log` the log file, `memory` what makes forks cheap.
"""
