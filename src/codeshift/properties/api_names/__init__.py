"""Qualified names of the APIs that a program uses, with one resolver per language.

``docs/guides/api-usage.md`` describes what each resolver finds, and what it does not.
"""

from __future__ import annotations

from codeshift.errors import ParameterError
from codeshift.properties.api_names.base import NameResolver, Scope
from codeshift.properties.api_names.c_sharp import CSharpNames
from codeshift.properties.api_names.go import GoNames
from codeshift.properties.api_names.java import JavaNames
from codeshift.properties.api_names.javascript import JavaScriptNames
from codeshift.properties.api_names.python import PythonNames
from codeshift.properties.grammars import language_remedy

__all__ = ["API_LANGUAGES", "NameResolver", "Scope", "check_api_language", "name_resolver"]

_RESOLVERS: dict[str, type[NameResolver]] = {
    "c_sharp": CSharpNames,
    "go": GoNames,
    "java": JavaNames,
    "javascript": JavaScriptNames,
    "python": PythonNames,
    "typescript": JavaScriptNames,
}

API_LANGUAGES = tuple(sorted(_RESOLVERS))
"""Languages whose API names are resolved."""


def name_resolver(language: str) -> NameResolver | None:
    """Return the resolver of a language; None if there is none."""
    resolver = _RESOLVERS.get(language)
    return resolver() if resolver else None


def check_api_language(language: str) -> str:
    """Return ``language`` if its API names can be resolved.

    Raises:
        ParameterError: if they cannot.

    >>> check_api_language("rust")
    Traceback (most recent call last):
        ...
    codeshift.errors.ParameterError: language must be one whose API names are resolved, got 'rust': \
choose one of c_sharp, go, java, javascript, python, typescript
    """
    if language not in _RESOLVERS:
        remedy = language_remedy(language, _RESOLVERS)
        raise ParameterError("language", "one whose API names are resolved", language, remedy)
    return str(language)
