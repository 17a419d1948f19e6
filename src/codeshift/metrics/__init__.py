"""codeshift.metrics."""
