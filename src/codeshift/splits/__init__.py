"""Assignment of rows to parts: from rows and a region to a partition, an assignment and its manifest.

This package knows splitters only through the protocol ``assign.Recipe``. Its public names are in
``codeshift.splitters``.
"""
