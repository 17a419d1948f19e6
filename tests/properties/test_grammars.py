"""Grammars from other packages: the entry-point group, and the language pack if it is installed."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Literal

import pytest
import tree_sitter
import tree_sitter_ruby

from codeshift.errors import ParameterError
from codeshift.properties import grammar, grammars, language_pack, languages
from codeshift.properties.grammars import check_language, parser
from codeshift.properties.syntax import scan, scan_batch
from codeshift.splitters import ASTNodeSplitter

CACHES = (grammars.ts_language, grammars.grammar, grammars._entry_points, language_pack._pack)


@pytest.fixture(autouse=True)
def _fresh_caches():
    for cached in CACHES:
        cached.cache_clear()
    yield
    for cached in CACHES:
        cached.cache_clear()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with a grammar: write its files as pip does."""

    def install(body: str, name: str = "crystal") -> None:
        (tmp_path / "crystal_grammar.py").write_text(body)
        facts = tmp_path / "crystal_grammar-4.2.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: crystal-grammar\nVersion: 4.2\n")
        (facts / "entry_points.txt").write_text(f"[codeshift.grammars]\n{name} = crystal_grammar:language\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "crystal_grammar", raising=False)

    return install


CAPSULE = "import tree_sitter_ruby\nlanguage = tree_sitter_ruby.language\n"
LANGUAGE = (
    "import tree_sitter, tree_sitter_ruby\ndef language(): return tree_sitter.Language(tree_sitter_ruby.language())\n"
)


@pytest.mark.parametrize("body", [CAPSULE, LANGUAGE])
def test_entry_point(installed, body):
    """A package's grammar has the name of its entry point, whether it returns a capsule or a Language."""
    installed(body)
    assert "crystal" in languages()
    crystal, ruby = (scan(["while x\nend"], language).node_types.sets() for language in ("crystal", "ruby"))
    assert crystal == ruby
    assert ASTNodeSplitter(column="code", language="crystal", nodes=("while",)).nodes == ("while",)


def test_entry_point_is_recorded(installed):
    """A manifest can name the package and its version."""
    installed(CAPSULE)
    facts = grammar("crystal")
    assert (facts.distribution, facts.version) == ("crystal-grammar", "4.2")
    assert facts.digest == grammar("ruby").digest


def test_entry_point_replaces_our_grammar(installed):
    """A package may replace the grammar of a language that codeshift includes."""
    installed(CAPSULE, name="python")
    assert grammar("python").distribution == "crystal-grammar"
    assert grammar("python").digest == grammar("ruby").digest


@pytest.mark.parametrize("body", ["", "def language(): return 'no grammar'\n", "import no_such_module\n"])
def test_entry_point_that_gives_no_grammar(installed, body):
    """The error names the package."""
    installed(body)
    with pytest.raises(
        ParameterError, match=r"one with a usable grammar, got 'crystal': its entry point crystal_grammar"
    ):
        parser("crystal")


def pack(monkeypatch, **attributes) -> None:
    """Stand in for an installed tree-sitter-language-pack."""
    module = ModuleType("tree_sitter_language_pack")
    vars(module).update(SupportedLanguage=Literal["crystal", "elm"], **attributes)
    monkeypatch.setattr(language_pack, "_pack", lambda: module)
    monkeypatch.setattr(grammars.importlib.metadata, "version", lambda name: "1.23.1")


def ruby(name: str) -> object:
    """Return one grammar for any name that was downloaded."""
    assert name == "crystal", "a language that is not on this machine must not be asked for: that would download it"
    return tree_sitter.Language(tree_sitter_ruby.language())


def test_language_pack_before_1(monkeypatch):
    """A pack that contains its grammars adds all of them."""
    pack(monkeypatch, get_language=ruby)
    assert {"crystal", "elm"} <= set(languages())
    assert scan_batch(["x"], "crystal")["has_error"] == [False]
    assert (grammar("crystal").distribution, grammar("crystal").version) == ("tree-sitter-language-pack", "1.23.1")


def test_language_pack_that_downloads(monkeypatch):
    """If a pack downloads grammars, only those on this machine are known; the error says how to get the others."""
    pack(monkeypatch, get_language=ruby, downloaded_languages=lambda: ["crystal"])
    assert "crystal" in languages()
    assert "elm" not in languages()
    assert parser("crystal").parse(b"x").root_node.type == "program"
    remedy = r"codeshift downloads no grammar itself; run tree_sitter_language_pack.download\(\['elm'\]\) once"
    with pytest.raises(ParameterError, match=remedy):
        check_language("elm")


def test_ours_come_before_the_pack(monkeypatch):
    """A language that codeshift includes is never taken from the pack."""
    pack(monkeypatch, get_language=ruby, downloaded_languages=lambda: ["python"])
    assert parser("python").parse(b"x = 1").root_node.type == "module"


def test_unknown_language():
    """For a misspelt language, the error suggests close matches."""
    with pytest.raises(ParameterError, match="language must be a known language, got 'jvaa': did you mean java"):
        check_language("jvaa")
