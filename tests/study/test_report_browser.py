"""The page in a real browser: it is quiet, asks for nothing, shows its plots, and fits a phone, the dark and paper."""

from __future__ import annotations

import pytest

from helpers.browser import Browser, chromium
from helpers.report_page import NASTY, SCENARIOS, nasty_html

_PLOTS = """[...document.querySelectorAll("figure svg")].map((svg) => {
  const box = svg.getBoundingClientRect();
  const ink = [...svg.querySelectorAll("path, use")].filter((mark) => mark.getBoundingClientRect().width > 0).length;
  return [box.width, box.height, ink, svg.querySelectorAll("text").length, svg.getAttribute("aria-label").length];
})"""
# Contrast of text with the page behind it, after WCAG 2: by element the ratio.
_CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => { canvas.fillStyle = "#000"; canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = (colour) => rgb(colour).map((v) => v / 255)
    .map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const page = light(getComputedStyle(document.body).backgroundColor);
  const ratio = (colour) => {
    const [a, b] = [light(colour), page].sort((x, y) => y - x);
    return (a + .05) / (b + .05);
  };
  const found = {};
  for (const name of ["h1", "p.note", "article p", ".verdict", "td", "td.ood", "td.id", "a", "figure svg text",
                      ".key span"])
    for (const element of document.querySelectorAll(name)) {
      const style = getComputedStyle(element);
      const colour = element.namespaceURI.endsWith("svg") ? style.fill : style.color;
      found[name] = Math.min(found[name] ?? 99, ratio(colour));
    }
  return [page, found];
})()"""


@pytest.fixture(scope="module")
def browser():
    opened = Browser(chromium())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    saved = tmp_path_factory.mktemp("report") / "report.html"
    saved.write_text(nasty_html(), encoding="utf-8")
    return saved


@pytest.fixture
def opened(browser, path):
    pages = []

    def open_page(**options):
        pages.append(browser.open(path, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


def test_it_is_quiet_and_asks_for_nothing(opened):
    """The console stays empty, the file itself is the only request, and no text of the data has run."""
    page = opened()
    assert page.ask("document.readyState") == "complete"
    assert page.complaints == []
    assert page.requests == [page.url]
    assert page.ask("typeof window.hacked") == "undefined"
    assert page.ask("document.querySelectorAll('img, iframe, script:not(:last-of-type)').length") == 0
    assert page.ask("document.body.innerText").count(NASTY) > 10


def test_nothing_could_be_asked_for(opened):
    """The page's own policy stops a request before it is made, and a script that is not its own."""
    page = opened()
    page.ask("""new Promise((done) => {
        document.addEventListener("securitypolicyviolation", done, {once: true});
        const image = new Image();
        image.src = "http://127.0.0.1:9/x.png";
        document.body.append(image);
    }).then(() => 1)""")
    page.ask("""(() => { const script = document.createElement("script"); script.textContent = "window.hacked = 3";
        document.body.append(script); })()""")
    page.wait_for("Network.loadingFailed")  # it may come after the page's own event
    assert len(page.requests) == 2
    assert page.blocked == ["csp"]
    assert page.ask("typeof window.hacked") == "undefined"


@pytest.mark.parametrize("dark", [False, True])
def test_plots_are_there(opened, dark):
    """Every plot has a size, marks, labels and words for those who do not see it, in light and in dark."""
    plots = opened(dark=dark).ask(_PLOTS)
    assert len(plots) >= 12
    for width, height, ink, texts, label in plots:
        assert width > 150
        assert height > 80
        assert ink > 3
        assert texts > 2
        assert label > 20


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read(opened, dark):
    """Background and text turn with the colour scheme, and keep a contrast of at least 4.5 everywhere."""
    page, found = opened(dark=dark).ask(_CONTRAST)
    assert (page < 0.05) if dark else (page > 0.95)
    assert len(found) == 10
    assert {name: ratio for name, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [390, 768])
def test_it_fits_a_phone(opened, width):
    """Nothing sticks out of the page sideways; wide tables scroll inside of their frame."""
    page = opened(width=width)
    assert page.ask("document.documentElement.scrollWidth") == width
    assert page.ask("Math.max(...[...document.querySelectorAll('svg, pre, h2, p')].map("
                    "(e) => e.closest('.wide') ? 0 : e.getBoundingClientRect().right))") <= width  # fmt: skip
    sizes = page.ask("[...document.querySelectorAll('figure svg')].map((svg) => svg.getBoundingClientRect().width)")
    assert min(sizes) > 150


def test_tables_sort(opened):
    """A click on a head sorts by value, another one the other way; what has no number stays last."""
    page = opened()
    rows = '[...document.querySelectorAll("#scores tbody tr")]'
    column = f"(i) => {rows}.map((row) => row.cells[i].textContent.trim())"
    click = "(i) => document.querySelectorAll('#scores thead button')[i].click()"
    before = page.ask(f"({column})(6)")
    page.ask(f"({click})(6)")
    after = page.ask(f"({column})(6)")
    assert sorted(after) == sorted(before)
    assert after != before
    numbers = [float(text.split()[0]) for text in after if text[0].isdigit()]
    assert numbers == sorted(numbers)
    assert all(not text[0].isdigit() for text in after[len(numbers) :])
    assert page.ask("document.querySelectorAll('#scores thead th')[6].getAttribute('aria-sort')") == "ascending"
    page.ask(f"({click})(6)")
    down = [float(text.split()[0]) for text in page.ask(f"({column})(6)") if text[0].isdigit()]
    assert down == sorted(numbers, reverse=True)
    page.ask(f"({click})(0)")
    assert page.ask(f"({column})(0)") == sorted(page.ask(f"({column})(0)"), key=str.casefold)
    assert page.complaints == []


def test_rows_can_be_found(opened):
    """The words of the box above a long table leave only the rows that hold them all."""
    page = opened()
    page.ask("""(() => { const find = document.querySelector("#scores .find"); find.value = "LoRA length_p97 ood";
        find.dispatchEvent(new Event("input")); })()""")
    shown = page.ask("""[...document.querySelectorAll("#scores tbody tr")].filter((row) => !row.hidden)
        .map((row) => [row.cells[0].textContent, row.cells[1].textContent, row.cells[3].textContent])""")
    assert shown == [[SCENARIOS[1], "LoRA", "test_ood"]] * 3


def test_it_can_be_read_without_script(opened):
    """Tables, plots and examples are there, and no button that would do nothing."""
    page = opened(script=False)
    page.send("Emulation.setScriptExecutionDisabled", value=False)  # for the questions alone; the page is loaded
    assert page.ask("document.querySelectorAll('button, input').length") == 0
    assert page.ask("document.querySelectorAll('#scores tbody tr').length") == 63
    assert page.ask("document.querySelectorAll('figure svg').length") >= 12


def test_it_can_be_printed(opened):
    """On paper it is light even where the screen is dark, folded parts are open, and pages come out."""
    page = opened(dark=True)
    page.media(dark=True, kind="print")
    background, _ = page.ask(_CONTRAST)
    assert background > 0.95
    folded = "[...document.querySelectorAll('details .beside')].map((e) => e.getBoundingClientRect().height)"
    assert page.ask(f"Math.min(...{folded})") > 20
    assert page.ask("getComputedStyle(document.querySelector('.find')).display") == "none"
    page.media()
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 50_000
