"""codeshift: out-of-distribution splits, fine-tuning and evaluation for code models.

Importing this package loads neither torch nor transformers: each part imports what it needs when it is used.
"""

import logging

__version__ = "0.1.0"

# bitsandbytes, which peft imports where it is installed, says on some CPUs how its 4-bit layers could be faster.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
