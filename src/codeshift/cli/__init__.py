"""The command line: each command is one call into the library.

Exit codes: 0 done; 1 the answer is no (a split that leaks, a study with failed runs, an installation with a fault);
2 bad input; 3 a fault of codeshift itself, with its traceback; 130 interrupted.
"""

from codeshift.cli.main import main

__all__ = ["main"]
