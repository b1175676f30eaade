"""Starts its server as a program of its own: `launcher.py call|shell|replace|spawn`."""

import multiprocessing
import os
import subprocess
import sys

import uvicorn

COMMAND = ["-m", "uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]


def serve():
    uvicorn.run("app:app", host="0.0.0.0", port=8080)


if __name__ == "__main__":
    how = sys.argv[1]
    if how == "call":
        subprocess.run([sys.executable, *COMMAND])
    elif how == "shell":
        os.system(" ".join(COMMAND[1:]))
    elif how == "replace":
        os.execvp("uvicorn", COMMAND[1:])
    else:
        process = multiprocessing.get_context(how).Process(target=serve)
        process.start()
        process.join()
