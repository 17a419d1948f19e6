"""codeshift.cli."""
