"""Splitters from text: the repr recorded in a manifest, or an expression typed on the command line.

The text is parsed by Python's grammar and built from known classes alone. Nothing is evaluated or imported.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping
from typing import Any, NoReturn

from codeshift.errors import CodeshiftError, ParameterError
from codeshift.literals import EXPRESSIBLE, parsed_expression
from codeshift.splitters.base import Splitter
from codeshift.wording import Verbatim, closest

_EXAMPLE = 'such as LengthSplitter("code", quantiles=(0.9, 1.0))'

# These import what they name, which a text must not decide.
_OF_FUNCTIONS = ("PredicateSplitter", "FunctionEmbedding")


def parse_splitter(
    text: str, *, column: str = "code", language: str | None = None, parameter: str = "splitter"
) -> Splitter:
    """Build the splitter that a text describes by classes of ``codeshift.splitters`` with literals and operators.

    The operators are ``&``, ``|``, ``~`` and ``-``. The repr of every splitter gives that splitter again, except
    splitters of functions (``PredicateSplitter``), which only code can name.

    Args:
        text: Text, such as ``'LengthSplitter("code") - ASTNodeSplitter("code", language="java", rarest=3)'``.
        column: Column of splitters that name none.
        language: Language of splitters that need one and name none.
        parameter: Name of the text in error messages.

    Raises:
        ParameterError: if the text is not such an expression; misspelt classes and arguments get close matches.

    >>> parse_splitter("LengthSplitter(bounds=(200, None)) & ~ASTNodeSplitter(nodes=('try_statement',))",
    ...     column="code", language="python").columns
    ('code',)
    >>> parse_splitter("LengthSplitter(unitt='lines')", column="code")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: splitter must be LengthSplitter with arguments that it has, got unitt='lines': \
did you mean unit?
    """
    defaults = {"column": column} | ({} if language is None else {"language": language})
    try:
        splitter = _SplitterReader(text.strip(), defaults, parameter).value(parsed_expression(text.strip()).body)
    except SyntaxError as error:
        place = f"{error.msg} at character {error.offset}" if error.offset else error.msg
        raise ParameterError(parameter, "an expression of splitters", text, f"{place}; {_EXAMPLE}") from error
    except (RecursionError, MemoryError) as error:
        remedy = f"it is nested too deeply; {_EXAMPLE}"
        raise ParameterError(parameter, "an expression of splitters", text, remedy) from error
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error, CodeshiftError):
            raise
        raise ParameterError(parameter, "an expression of splitters", text, f"{error}; {_EXAMPLE}") from error
    if not isinstance(splitter, Splitter):
        raise ParameterError(parameter, "an expression of splitters", text, _EXAMPLE)
    return splitter


@dataclasses.dataclass(frozen=True)
class _SplitterReader:
    """Builder of the values that a syntax tree describes."""

    text: str
    defaults: Mapping[str, str]
    parameter: str

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | int() | float() | None as literal):
                return literal
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return tuple(self.value(item) for item in items)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float() as number)):
                return -number if isinstance(node.op, ast.USub) else number
            case ast.UnaryOp(op=ast.Invert(), operand=inner):
                return ~self._splitter(inner)
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() | ast.Sub() as operator, right=right):
                return self._composed(self._splitter(left), operator, self._splitter(right))
            case ast.Call(func=ast.Name(id=name)):
                return self._made(name, node)
        return self._refuse(node, "an expression of splitters", _EXAMPLE)

    def _splitter(self, node: ast.expr) -> Splitter:
        operand = self.value(node)
        return operand if isinstance(operand, Splitter) else self._refuse(node, "made of splitters", _EXAMPLE)

    @staticmethod
    def _composed(left: Splitter, operator: ast.operator, right: Splitter) -> Splitter:
        if isinstance(operator, ast.BitAnd):
            return left & right
        return left | right if isinstance(operator, ast.BitOr) else left - right

    def _made(self, name: str, node: ast.Call) -> Any:
        if name in _OF_FUNCTIONS:
            self._refuse(node.func, "made of splitters that run no function of yours", "use it from Python")
        if name not in EXPRESSIBLE:
            self._refuse(node.func, "made of splitters", closest(name, EXPRESSIBLE))
        fields = {f.name: f for f in dataclasses.fields(EXPRESSIBLE[name]) if f.init}
        by_position = [n for n, f in fields.items() if not f.kw_only]
        if len(node.args) > len(by_position):
            first = node.args[len(by_position)]
            self._refuse(first, f"{name} with named arguments", f"it takes {', '.join(fields)}")
        arguments = {n: self.value(value) for n, value in zip(by_position, node.args, strict=False)}
        for keyword in node.keywords:
            if keyword.arg not in fields:
                value = node_text(self.text, keyword.value)
                typed = Verbatim(f"{keyword.arg}={value}" if keyword.arg else f"**{value}")
                remedy = closest(keyword.arg or "**", fields)
                raise ParameterError(self.parameter, f"{name} with arguments that it has", typed, remedy)
            if keyword.arg in arguments:
                self._refuse(node, f"{name} with each argument once", f"{keyword.arg} is given twice")
            arguments[keyword.arg] = self.value(keyword.value)
        needed = {n for n, f in fields.items() if f.default is dataclasses.MISSING or n == "column"}
        for missing in sorted(needed - set(arguments)):
            if missing not in self.defaults:
                raise ParameterError(
                    self.parameter, f"{name} with its {missing}", node_text(self.text, node), _remedy(name, missing)
                )
            arguments[missing] = self.defaults[missing]
        return EXPRESSIBLE[name](**arguments)

    def _refuse(self, node: ast.expr, constraint: str, remedy: str) -> NoReturn:
        raise ParameterError(self.parameter, constraint, node_text(self.text, node), remedy)


def _remedy(name: str, missing: str) -> str:
    if missing == "language":
        return f'give it, as in {name}(language="python", ...), or for all splitters: --language on the command line'
    return f"give it, as in {name}({missing}=...)"


def node_text(text: str, node: ast.expr) -> str:
    """Return the part of a text that belongs to a node of its syntax tree."""
    return ast.get_source_segment(text, node) or ast.unparse(node)
