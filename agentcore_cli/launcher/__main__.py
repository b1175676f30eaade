"""`python -I <folder> COMMAND...`, where the folder is laid out by `builders/images/launcher.py`."""

import sys

from agentcore_cli.launcher.start import main

if __name__ == "__main__":
    main(sys.argv[1:])
