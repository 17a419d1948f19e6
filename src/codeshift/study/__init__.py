"""codeshift.study."""
