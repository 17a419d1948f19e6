"""CodeBLEU: the metric, its parts, the data flow that one of them compares, and the modes of other implementations."""

from codeshift.metrics.codebleu.metric import CodeBLEU

__all__ = ["CodeBLEU"]
