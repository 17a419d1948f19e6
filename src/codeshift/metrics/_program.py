"""Runs one program and its test for ``codeshift.metrics.execution``; a script that needs the standard library only.

The program becomes the module ``program``, not ``__main__``, so a main guard in it stays quiet. Program and test are
compiled apart, so that no line of one can swallow a line of the other, and run in one namespace.
"""

from __future__ import annotations

import json
import os
import sys
from types import ModuleType

_NAME = "program"


def main() -> None:
    """Read the order from the file descriptor on the command line, run it, and write the word that confirms the end."""
    write, leave, getpid, ours, run = os.write, os._exit, os.getpid, os.getpid(), exec  # programs replace some of them
    with open(int(sys.argv[1]), encoding="utf-8") as file:
        order = json.load(file)
    module = ModuleType(_NAME)
    module.__file__ = f"{_NAME}.py"
    sys.modules[_NAME] = module
    sys.argv = [module.__file__]
    sources = ((order["program"], module.__file__), (order["test"], "test.py"))
    codes = [compile(source, name, "exec", dont_inherit=True) for source, name in sources]
    for code in codes:
        run(code, module.__dict__)
    if getpid() == ours:  # a child that the program forked has not run the test for it
        write(order["writer"], order["word"].encode())
        leave(0)


if __name__ == "__main__":
    main()
