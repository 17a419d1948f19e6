"""codeshift.properties."""
