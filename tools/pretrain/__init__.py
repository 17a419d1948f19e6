"""Pretraining of the small model that the library carries: ``python -m tools.pretrain``, from the repository's root."""
