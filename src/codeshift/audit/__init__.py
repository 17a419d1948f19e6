"""codeshift.audit."""
