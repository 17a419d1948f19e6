"""codeshift.splitters."""
