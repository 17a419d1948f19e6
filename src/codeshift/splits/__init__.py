"""How rows are dealt: from rows and a region to a partition, an assignment and its manifest.

Nothing here knows a splitter but by what ``assign.Recipe`` asks of it. Public names stand in ``codeshift.splitters``.
"""
