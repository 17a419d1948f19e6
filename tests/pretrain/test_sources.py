"""Sources: what is read of packages and of a JDK, and under which licence."""

from __future__ import annotations

import importlib.metadata
import zipfile
from email.message import Message

import pytest

from codeshift.errors import DataError
from tools.pretrain.java_sources import header_licence, java_methods, javadoc_prose, jdk_methods, on_one_line
from tools.pretrain.python_sources import PACKAGES, installed_package, permissive_licence

APACHE = "/* Licensed under the Apache License, Version 2.0 */\n"
GPL = "/* This code is free software under the GNU General Public License version 2 only. */\n"
CLASS = (
    "package a;\nclass A {\n    /** Adds. @return it */\n    int add(int first, int other) {\n"
    "        return first + other;\n    }\n}\n"
)


def metadata(**fields):
    made = Message()
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    return made


@pytest.mark.parametrize("licence", ["MIT", "BSD-3-Clause", "Apache 2.0", "PSF-2.0", "Apache-2.0 OR BSD-2-Clause"])
def test_permissive_licences_are_taken(licence):
    """What the metadata say is what the card says."""
    assert permissive_licence("a", metadata(License_Expression=licence)) == licence


@pytest.mark.parametrize("licence", ["GPL-3.0", "LGPL", "MPL-2.0 AND MIT", "Proprietary", ""])
def test_other_licences_are_errors(licence):
    """A package under a copyleft licence, an own one or none that it names is never read in silence."""
    with pytest.raises(DataError, match="packages must be under a permissive licence"):
        permissive_licence("a", metadata(License=licence))


def test_a_package_gives_its_functions():
    """Functions of an installed package, with version and licence, and none of its tests."""
    source = installed_package("iniconfig")
    assert (source.version, source.licence) == (importlib.metadata.version("iniconfig"), "MIT")
    assert {fragment.language for fragment in source.fragments} == {"python"}
    assert any(fragment.signature.startswith("def parse_lines") for fragment in source.fragments)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such-package", r'installed, got .no-such-package.: install it: pip install "no-such-package"'),
        ("numpy", "written in Python alone, got 'numpy"),
        ("tqdm", r"under a permissive licence, got 'tqdm \(MPL"),
    ],
)
def test_packages_that_cannot_be_read(name, message):
    """Each says why, and what to do."""
    with pytest.raises(DataError, match=message):
        installed_package(name)


def test_packages_are_named_once():
    """The list is sorted and without repeats, so the card's table is."""
    assert list(PACKAGES) == sorted(set(PACKAGES), key=str.lower)


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        (APACHE + CLASS, "Apache-2.0"),
        ("/* Redistribution and use in source and binary forms */\n" + CLASS, "BSD"),
        ("/*\n * This software is distributable under the BSD\n * license.\n */\n" + CLASS, "BSD"),
        (GPL + CLASS, None),
        (GPL + APACHE + CLASS, None),
        (CLASS, None),
        (CLASS + "// Licensed under the Apache License, Version 2.0", None),
    ],
)
def test_a_files_own_header_decides(text, licence):
    """Only what stands before the package line counts, and the GPL rules a file out whatever else is said."""
    assert header_licence(text) == licence


def test_a_jdk_is_read_by_licence(tmp_path):
    """Files with a permissive header are read, the others counted."""
    path = tmp_path / "src.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/a/A.java", APACHE + CLASS)
        archive.writestr("m/a/B.java", GPL + CLASS.replace("A", "B"))
        archive.writestr("m/readme.txt", APACHE)
    read = jdk_methods(path, version="17.0.1")
    assert (read.files, read.left_out) == ({"Apache-2.0": 1}, 1)
    [source] = read.sources
    assert (source.version, source.licence, len(source.fragments)) == ("17.0.1", "Apache-2.0", 1)


def test_no_jdk(tmp_path):
    """The error names Debian's package."""
    with pytest.raises(DataError, match="apt-get install openjdk-17-source"):
        jdk_methods(tmp_path / "src.zip")


def test_java_methods_are_bare():
    """Annotations are left out, lines dedented, abstract and tiny methods skipped, constructors kept."""
    [constructor, method] = java_methods(
        "class A {\n    A(int first, int second) {\n        this.first = first;\n    }\n"
        "    abstract int none(int first, int second, int third);\n    int f() { return 1; }\n"
        "    /** Gives the sum.\n     * @param a one */\n    @Override\n    public int sum(int a, int b) {\n"
        "        return a + b;\n    }\n}\n"
    )
    assert constructor.code == "A(int first, int second) {\n    this.first = first;\n}"
    assert method.signature == "public int sum(int a, int b)"
    assert method.code == "public int sum(int a, int b) {\n    return a + b;\n}"
    assert (constructor.docstring, method.docstring) == ("", "Gives the sum.")


def test_javadoc_is_prose():
    """Tags and markup go, words stay."""
    assert javadoc_prose("/**\n * Uses {@link A#b} <code>x</code>.\n * @see B\n */") == "Uses A#b x."


def test_one_line_only_where_it_is_safe():
    """A string with two slashes, or a block comment, leaves the code as it is."""
    assert on_one_line('f() {\n    g("a");\n}') == 'f() {g("a");}'
    for code in ('f() {\n    g("http://a");\n}', "f() {\n    /* a\n b */\n}"):
        assert on_one_line(code) == code
