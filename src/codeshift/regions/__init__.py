"""Which programs are out of distribution: regions, as frozen values that any dataset can be asked about.

Their public names stand in ``codeshift.splitters``.
"""
