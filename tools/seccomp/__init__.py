"""Makes the seccomp filters of the local runtime: `python -m tools.seccomp` writes `worker/filters.py`.

`policy` says what is allowed, `numbers.txt` how the calls are numbered, `assembler` turns both into programs of classic
BPF, which the worker hands to the kernel as they are: it runs on interpreters that have nothing but themselves.
"""
