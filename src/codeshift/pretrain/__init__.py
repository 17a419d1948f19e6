"""Pretraining of the small model that the library carries: ``python -m codeshift.pretrain``."""
