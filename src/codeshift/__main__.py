"""``python -m codeshift`` is the command ``codeshift``."""

import sys

from codeshift.cli import main

if __name__ == "__main__":
    sys.exit(main())
