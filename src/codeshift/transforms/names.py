"""Other names for local variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from codeshift.checks import check_bool, check_choice, settle
from codeshift.transforms.base import DrawingTransform
from codeshift.transforms.leaves import parser_of
from codeshift.transforms.local_names import rename_locals
from codeshift.transforms.name_rules import RULES
from codeshift.transforms.new_names import drawn_words, numbered
from codeshift.transforms.python_names import rename_python

Names = Literal["numbered", "words"]


@dataclass(frozen=True, kw_only=True)
class RenameIdentifiers(DrawingTransform):
    r"""Local variables get other names, and nothing else changes.

    Of Python, a name is replaced if it is a local variable in every scope of its function that has it; of other
    languages, if each place that may mean a variable lies in the scope of a local declaration. Names of functions,
    types, members and globals are kept. Parameters are kept as well unless asked for: a caller of Python, C# or
    TypeScript may name them. With ``names="numbered"``, renaming twice gives the same as once.

    Attributes:
        column: Column of the code.
        language: Language of the code, or such as ``"column:lang"`` for the one that each row names.
        seed: Seed of the words.
        names: "numbered" for ``local_0``, ``local_1`` and so on; "words" for words that say nothing of the code.
        parameters: Whether parameters get other names too.

    >>> code = "def area(width, height):\n    product = width * height\n    return product"
    >>> print(RenameIdentifiers(language="python", parameters=True).rewrite(code))
    def area(local_0, local_1):
        local_2 = local_0 * local_1
        return local_2
    """

    names: Names = "numbered"
    parameters: bool = False

    known_languages: ClassVar[tuple[str, ...] | None] = ("python", *RULES)
    purpose: ClassVar[str] = "names"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("names", self.names, ("numbered", "words"))
        settle(self, parameters=check_bool("parameters", self.parameters))

    def rewrite_in(self, text: str, language: str) -> str:
        """Return the code with other names, or as it is if it cannot be told which are local."""
        new_names = numbered if self.names == "numbered" else drawn_words(self.draws(text))
        rename = rename_python if language == "python" else rename_locals
        return rename(text, parser_of(language), new_names, parameters=self.parameters)
