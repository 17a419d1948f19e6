"""codeshift.data."""
