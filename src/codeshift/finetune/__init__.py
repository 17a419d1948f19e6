"""codeshift.finetune."""
