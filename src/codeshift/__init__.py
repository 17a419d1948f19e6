"""codeshift: out-of-distribution splits, fine-tuning and evaluation for code models.

Importing this package loads neither torch nor transformers: each part imports what it needs when it is used.
"""

__version__ = "0.1.0"
