"""The command line, in which each command is one call into the library.

Exit codes: 0 done; 1 the answer is no (a split that leaks, a study with failed runs, an installation with a fault);
2 bad input; 3 a bug in codeshift itself, with its traceback; 130 interrupted; 141 the reader of stdout has closed it;
143 ended by SIGTERM, a training after a checkpoint.
"""

from codeshift.cli.main import main

__all__ = ["main"]
