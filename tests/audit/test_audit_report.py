"""The report in all its formats is complete and escaped, and has the same figures everywhere."""

from __future__ import annotations

import json
import math
import pickle
import re
import sys
from html.parser import HTMLParser

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st

from codeshift.audit import AuditReport, audit
from codeshift.documents import markdown
from codeshift.documents.document import Code, Document, Paragraph, Points, Table, names, row
from codeshift.documents.html import render
from codeshift.documents.markdown import escaped, fenced
from codeshift.errors import MissingExtraError, ParameterError
from helpers.audit_splits import functions, loops, split

EVIL = "x = '</code></pre><script>alert(1)</script>'  # ``` | \\ <b>"


@pytest.fixture(scope="module")
def report() -> AuditReport:
    """Return an audit with content in every section, and code that would break a page without escaping."""
    train, test = functions(60, seed=0), loops(30, seed=1)
    splits = split(train=[*train, EVIL], test_ood=[*test, EVIL], test_id=functions(30, seed=2))
    splits["<i>dev"] = splits["test_id"]
    return audit(
        splits,
        column="code",
        language="python",
        groups="project",
        reference="<i>dev",
        tokenizer=str.split,
        max_length=20,
        n_permutations=19,
    )


class Tags(HTMLParser):
    """A parser that checks that tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags


def test_html_escapes_the_data(report):
    """No text of the data becomes markup: no script, no tag in a part's name, no early end of a block."""
    page = report.to_html()
    assert not {"script", "b", "i"} & parsed(page).seen
    assert "&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;alert(1)" in page
    assert "&lt;i&gt;dev" in page


def test_html_loads_nothing(report):
    """The markup of the page contains no address of any other file."""
    assert not {"link", "img", "iframe"} & parsed(report.to_html()).seen
    assert not {"http:", "https:"} & {address[:-2] for address in re.findall(r"https?://", report.to_html())}


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_safe_in_html(text):
    """The page has the same tags, whatever a title, a paragraph, a point, a cell or code contains."""
    page, plain = (
        render(
            Document(
                words,
                (
                    Paragraph(words),
                    Points((words,)),
                    Table(columns=names(words), rows=(row(words),)),
                    Code(words, caption=words),
                ),
            )
        )
        for words in (text or " ", " ")
    )
    assert re.findall("<[^>]*>", page) == re.findall("<[^>]*>", plain)


@given(st.text(max_size=60))
def test_any_text_stays_in_its_cell(text):
    """A Markdown cell has no unescaped pipe, line end or markup; code cannot close its fence."""
    cell = escaped(text)
    assert "\n" not in cell
    assert not re.search(r"(?<!\\)(\\\\)*[|<`*\[\]]", cell)
    lines = fenced(text).split("\n")
    assert lines[0] == lines[-1]
    assert all(lines[0] not in line for line in lines[1:-1])


def test_markdown_has_every_section(report):
    """Each section has its heading, and all rows of a table have one width."""
    page = report.to_markdown()
    headings = re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)
    for title in ("Leakage", "Strength of the shift", "Properties", "What else moved", "Truncated rows"):
        assert title in headings
    tables = re.findall(r"(?:^\|.*\|\n)+", page, flags=re.MULTILINE)
    assert len(tables) == 7
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1
    assert page == markdown.render(report.document())
    assert str(report) == page


def test_dict_is_json_and_complete(report):
    """``json`` writes the figures in strict mode; NaN is null; shares are next to their counts."""
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["leakage"][0]["near_share"] == report.leakage[0].near_share
    assert plain["strength"][0]["classifier"]["statistic"] == report.strength[0].classifier.statistic
    compared = {"identifiers": "compared", "literals": "compared"}
    assert plain["settings"]["near_duplicates"] == {"threshold": 0.7, "ngram": 5, "columns": None, **compared}
    assert plain["verdict"]["label"] == report.verdict.label == "leaks"
    elements = next(prop for prop in plain["strength"][0]["properties"] if prop["name"] == "NodeTypes")
    assert elements["mean"] is None
    assert "rows" not in plain["leakage"][0]


def test_empty_test_part_is_shown_as_not_measured():
    """The report has dashes and nulls, and no zero that could be mistaken for a figure."""
    empty = audit(split(train=functions(30, seed=0), test_ood=[]), column="code", language="python", n_permutations=19)
    plain = json.loads(json.dumps(empty.to_dict(), allow_nan=False))
    assert plain["strength"][0]["classifier"] == {
        "statistic": None,
        "p_value": None,
        "null_95": None,
        "n_first": 30,
        "n_second": 0,
    }
    assert all(prop["jensen_shannon"] is None for prop in plain["strength"][0]["properties"])
    assert plain["confounds"] == []
    assert math.isnan(empty.unseen_elements[0].rows_share)
    assert math.isnan(empty.strength[0].nearest.median)
    assert "Too few rows" in empty.to_markdown()
    parsed(empty.to_html())
    empty.plot_all()


def test_notebook_shows_the_fragment(report):
    """In a notebook the report is a fragment of a page, with the same content."""
    fragment = report._repr_html_()
    assert fragment.startswith("<div")
    assert fragment in report.to_html()


def test_infinite_effects_are_written_in_words():
    """An element that is in all rows of test and none of train has an infinite effect, which JSON has no number for."""
    splits = split(train=["x = 1"] * 30, test_ood=["y = [2, 3]"] * 30)
    audited = audit(splits, column="code", n_permutations=19)
    assert audited.confounds[0].effect in (math.inf, -math.inf)
    assert audited.to_dict()["confounds"][0]["effect"] in ("inf", "-inf")
    assert "higher in every row" in audited.to_markdown()
    assert "(-inf)" not in audited.to_markdown()


def test_plots_show_every_part(report):
    """The axes of each property hold one step line for each part, whose heights sum to one."""
    pytest.importorskip("matplotlib")
    figure = report.plot_all()
    drawn = [ax for ax in figure.axes if ax.get_xlabel()]
    assert [ax.get_xlabel() for ax in drawn] == ["CharCount", "LineCount", "TokenCount", "TreeDepth"]
    for ax in drawn:
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels == ["train (61)", "test_ood (31)", "<i>dev (30)"]
        for steps in ax.patches:
            assert sum(steps.get_data().values) == pytest.approx(1)


def test_notebooks_display_figures(report):
    """A notebook displays a figure without a magic line. Figures can still be pickled."""
    pytest.importorskip("matplotlib")
    figure = report.plot_all()
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert report.plot("TokenCount").figure._repr_png_().startswith(b"\x89PNG")
    assert len(pickle.loads(pickle.dumps(figure)).axes) == len(figure.axes)  # noqa: S301 - our own


def test_plot_draws_on_given_axes(report):
    """Axes that the user passes are drawn on and returned."""
    figure = pytest.importorskip("matplotlib.figure").Figure()
    ax = figure.subplots()
    assert report.plot("TokenCount", ax=ax) is ax
    with pytest.raises(
        ParameterError, match=r"prop must be a property with numbers, got 'TokenCont': did you mean Tok"
    ):
        report.plot("TokenCont")


@pytest.mark.parametrize("texts", [["x"] * 30, [f"x = {'1 + ' * (i**2)}1" for i in range(30)]])
def test_plots_of_constant_and_skewed_numbers(texts):
    """A constant property and one with a long tail have bins that hold every row."""
    pytest.importorskip("matplotlib")
    audited = audit(split(train=texts, test_ood=texts), column="code", n_permutations=19)
    ax = audited.plot("CharCount")
    assert all(sum(steps.get_data().values) == pytest.approx(1) for steps in ax.patches)


def test_plots_need_the_report_extra(report, monkeypatch):
    """Without matplotlib, the error says what to install; everything else works."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"matplotlib is not installed: pip install 'codeshift-ood\[report\]'"):
        report.plot("TokenCount")


def test_tokenizers_by_name_need_transformers(monkeypatch):
    """A name is looked up by transformers, which the base installation does not have."""
    splits = DatasetDict({"train": Dataset.from_dict({"code": ["x"]}), "test": Dataset.from_dict({"code": ["y"]})})
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match="transformers is not installed"):
        audit(splits, column="code", tokenizer="some/model")


def test_truncation_counts_a_models_tokens(tmp_path):
    """A Hugging Face tokenizer, as object or path, counts its own tokens, with special ones, against its context."""
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0, "[END]": 1}, unk_token="[UNK]"))  # noqa: S106
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A [END]", pair=None, special_tokens=[("[END]", 1)]
    )
    model = transformers.PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=4)
    model.save_pretrained(tmp_path)
    splits = split(train=["a b c", "a b c d"], test_ood=["a " * 9, "a", "b c d e"])
    for tokenizer in (model, tmp_path):
        truncation = audit(splits, column="code", tokenizer=tokenizer, n_permutations=19).truncation
        assert [(cut.part, cut.truncated, cut.n, cut.longest) for cut in truncation] == [
            ("train", 1, 2, 5),
            ("test_ood", 2, 3, 10),
        ]
    assert audit(splits, column="code", tokenizer=model, max_length=99, n_permutations=19).truncation[1].share == 0


def test_unseen_elements_equal_a_count_by_hand():
    """Elements of test that are in no row of train, the rows that hold one, and the most frequent of them."""
    splits = split(train=["a = b"], test_ood=["a = c", "a = c", "d = b", "a = b"])
    (tokens,) = audit(splits, column="code", n_permutations=19).unseen_elements
    assert (tokens.kind, tokens.part, tokens.distinct, tokens.unseen, tokens.rows) == (
        "TokenTypes",
        "test_ood",
        5,
        2,
        3,
    )
    assert tokens.examples == ("c", "d")
    assert (tokens.unseen_share, tokens.rows_share) == (0.4, 0.75)


def test_nearest_similarity_is_one_for_the_same_tokens():
    """The nearest cosine is 1 if train has the same tokens, and 0 if it shares none."""
    train = functions(30, seed=0)
    same = audit(split(train=train, test_ood=train), column="code", n_permutations=19).strength[0].nearest
    assert (same.q05, same.median) == (pytest.approx(1), pytest.approx(1))
    foreign = audit(split(train=train, test_ood=["§ ¶"] * 3), column="code", n_permutations=19).strength[0].nearest
    assert (foreign.n, foreign.q95) == (1, 0)
