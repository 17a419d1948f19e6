"""Regions: sets of programs that are out of distribution, as frozen values that can be applied to any dataset.

Their public names are in ``codeshift.splitters``.
"""
