"""CodeBLEU: the metric, its parts, the data flow that it compares, and the modes of other implementations."""

from codeshift.metrics.codebleu.metric import CodeBLEU

__all__ = ["CodeBLEU"]
