"""A program is the same program whichever line ends it has: LF, CRLF, or the lone CR of old editors."""

from __future__ import annotations

import pytest

from codeshift.metrics import BLEU, ChrF, CodeBLEU, ExactMatch, SyntacticValidity
from codeshift.metrics.codebleu.parts.keywords import KEYWORDS

PROGRAMS = {
    "python": "# head\ndef f(x):  # c\n    if x:\n        return g(x)\n    y = [\n        1,\n    ]\n    return y\n",
    "ruby": "# head\ndef f(x)\n  # c\n  y = x + 1\n  return y if x\n  y\nend\n",
    "go": "// head\npackage a\n\nfunc f(x int) int {\n\t// c\n\ty := x + 1\n\treturn y\n}\n",
    "rust": "// head\nfn f(x: i32) -> i32 {\n  // c\n  let y = x + 1;\n  y\n}\n",
    "php": "<?php\n// head\nfunction f($x) {\n  # c\n  $y = $x + 1;\n  return $y;\n}\n",
    "javascript": "// head\nfunction f(x) {\n  // c\n  let y = x + 1\n  return y\n}\n",
    "typescript": "// head\nfunction f(x: number): number {\n  // c\n  let y = x + 1\n  return y\n}\n",
    "java": "// head\nclass A {\n  int f(int x) {\n    // c\n    int y = x + 1;\n    return y;\n  }\n}\n",
    "c_sharp": "// head\nclass A {\n  int F(int x) {\n    // c\n    int y = x + 1;\n    return y;\n  }\n}\n",
    "c": "// head\nint f(int x) {\n  // c\n  int y = x + 1;\n  return y;\n}\n",
    "cpp": "// head\nint f(int x) {\n  // c\n  int y = x + 1;\n  return y;\n}\n",
}


def test_every_language_has_a_program():
    """No language of CodeBLEU is left out."""
    assert set(KEYWORDS) <= set(PROGRAMS)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("language", sorted(PROGRAMS))
def test_line_ends_cost_nothing(language, end):
    """The program with other line ends is valid, and as good as the program itself in every part of every score."""
    program = PROGRAMS[language]
    other = program.replace("\n", end)
    assert SyntacticValidity(language).score([program, other], ["", ""]).tolist() == [1.0, 1.0]
    for metric in (CodeBLEU(language), BLEU(), ChrF(), ExactMatch(normalize_whitespace=True)):
        for prediction, reference in ((other, program), (program, other), (other, other)):
            found = metric.corpus([prediction], [reference])
            assert found.value == pytest.approx(metric.corpus([program], [program]).value, abs=1e-12), metric
            assert set(found.parts.values()) == set(metric.corpus([program], [program]).parts.values())
