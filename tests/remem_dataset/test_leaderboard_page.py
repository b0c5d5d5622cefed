"""The leaderboard's page in a real browser, where the machine has one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from remem_dataset.leaderboard.build import collect
from remem_dataset.leaderboard.site import build_site
from tests.fakes.browser import MISSING, chromium, save_print, show_as
from tests.fakes.submissions import write_samples

from .submissions import FORGOTTEN, LEARNT, document, moved, write_folder

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

NOTES = "<img src=x onerror=\"document.title='owned'\"> & </script><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def browser():
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    """The site of the twelve samples."""
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder / "submissions")
    return build_site(collect(folder / "submissions"), folder / "site")[-1]


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """A site of 230 results in two forget levels, one with hostile notes."""
    folder = tmp_path_factory.mktemp("many")
    good = document(folder / "good", FORGOTTEN, notes=NOTES, links={"code": "https://example.org/code"})
    poor = document(folder / "poor", LEARNT, forget="forget25", method="kl")
    copies = [
        moved(good if number % 23 else poor, 1, model=f"org/model-{number:03d}") for number in range(230)
    ]
    return build_site(collect(write_folder(folder / "in", *copies)), folder / "site")[-1]


def open_page(driver, page: Path, hash: str = "", **screen) -> None:
    show_as(driver, **{"width": 1280, **screen})
    driver.get("about:blank")
    driver.get(page.as_uri() + hash)


def texts(driver, selector: str) -> list[str]:
    return driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent.trim())", selector
    )


def press(driver, selector: str) -> None:
    driver.execute_script("document.querySelector(arguments[0]).click()", selector)


def type_search(driver, text: str) -> None:
    driver.execute_script(
        "const s = document.getElementById('search'); s.value = arguments[0];"
        "s.dispatchEvent(new Event('input'))",
        text,
    )


def test_it_asks_the_network_for_nothing_and_has_no_faults(browser, samples):
    browser.get_log("performance")
    browser.get_log("browser")
    open_page(browser, samples)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert browser.get_log("browser") == []


def test_headings_sort_and_say_so(browser, samples):
    open_page(browser, samples)
    press(browser, "#levels button:last-child")
    scores = [float(text) for text in texts(browser, "td.c-score .value")]
    assert len(scores) == 10
    assert scores == sorted(scores, reverse=True)
    assert browser.execute_script("return document.querySelector('th.c-score').ariaSort") == "descending"
    press(browser, "[data-sort=score]")
    assert [float(text) for text in texts(browser, "td.c-score .value")] == sorted(scores)
    assert browser.execute_script("return document.querySelector('th.c-score').ariaSort") == "ascending"
    press(browser, "[data-sort=leakage]")  # lower is better: rises first
    leaks = [float(text) for text in texts(browser, "td.c-leakage .value")]
    assert leaks == sorted(leaks)
    press(browser, "[data-sort=method]")
    methods = texts(browser, "#rows .c-method")
    assert methods == sorted(methods)


def test_it_opens_on_the_commonest_level_and_filters(browser, samples):
    open_page(browser, samples)
    assert set(texts(browser, "#rows .c-level")) == {"forget10"}
    assert texts(browser, "#rows .c-rank") == ["1", "2", "3", "4", "5", "6"]
    press(browser, "#levels button")
    assert texts(browser, "#rows .c-level") == ["forget05", "forget05"]
    press(browser, "#levels button:last-child")
    type_search(browser, "NPO forget")
    assert "No result fits" in texts(browser, "#rows")[0]
    type_search(browser, "Llava simnpo")
    assert texts(browser, "#rows .c-method") == ["simnpo"]
    assert texts(browser, "#count") == ["1 of 10 results"]


def test_what_is_not_ranked_is_apart_with_its_reason(browser, samples):
    open_page(browser, samples)
    assert "llava-7b-kl" not in " ".join(texts(browser, "#rows a"))
    press(browser, "#views button:last-child")
    assert texts(browser, "#rows .c-rank") == ["–", "–"]
    assert any("measured on v0.9.0" in text for text in texts(browser, "#rows .why"))
    assert any("had not memorised" in text for text in texts(browser, "#rows .why"))
    assert texts(browser, "#count") == ["2 results, never ranked"]


def test_pages_turn_by_keyboard_and_keep_the_focus(browser, many):
    from selenium.webdriver.common.keys import Keys

    open_page(browser, many)
    assert len(texts(browser, "#rows tr")) == 50
    assert texts(browser, "#count") == ["220 of 230 results"]
    browser.execute_script("document.querySelector('[data-turn=on]').focus()")
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert "51–100 of 220" in texts(browser, "#pager")[0]
    assert browser.execute_script("return document.activeElement.dataset.turn") == "on"
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert browser.execute_script(outline) == "solid"
    browser.execute_script("document.querySelector('[data-sort=model]').focus()")
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert browser.execute_script("return document.activeElement.dataset.sort") == "model"
    assert texts(browser, "#rows .c-model a")[0] == "org/model-001"


def test_a_models_page_shows_its_figures_and_text_stays_text(browser, many):
    open_page(browser, many, "#/org/model-001")
    assert browser.title == "org/model-001 – ReMem leaderboard"
    assert NOTES in texts(browser, "#detail .facts dd")
    assert browser.execute_script("return document.querySelectorAll('#detail img').length") == 0
    assert len(texts(browser, ".tile")) == 6
    assert len(texts(browser, ".attributes tbody tr")) > 5
    links = browser.execute_script(
        "return [...document.querySelectorAll('#detail .facts a')].map((a) => [a.href, a.rel])"
    )
    assert ["https://example.org/code", "noopener nofollow ugc"] in links
    assert ["https://huggingface.co/org/model-001", "noopener nofollow ugc"] in links
    press(browser, ".back a")
    browser.execute_async_script("setTimeout(arguments[0], 50)")
    assert not browser.execute_script("return document.getElementById('list').hidden")
    open_page(browser, many, "#/org/nobody")
    assert "No such model" in texts(browser, "#detail h2")


def test_dots_and_front_are_drawn_where_the_figures_are(browser, samples):
    open_page(browser, samples)
    front = browser.execute_script(
        "return [...document.querySelectorAll('.front-dot')].map((a) => a.getAttribute('aria-label'))"
    )
    assert any("simnpo" in label for label in front)
    assert not any(", npo," in label for label in front)  # simnpo beats it in both
    assert not any("refusal" in label for label in front)  # as undial beats that
    curves = browser.execute_script("return document.querySelectorAll('.curves path').length")
    assert curves == 4


def test_a_phone_shows_all_of_it_without_scrolling_sideways(browser, samples):
    for hash in ("", "#/sample-org/llava-7b-npo"):
        open_page(browser, samples, hash, width=360, height=740, phone=True)
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.execute_script(wide) == 0
    open_page(browser, samples, width=360, height=740, phone=True)
    small = browser.execute_script("return getComputedStyle(document.querySelector('.only-small')).display")
    assert small == "flex"


def test_dark_and_light_differ_and_both_have_contrast(browser, samples):
    colours = []
    for dark in (False, True):
        open_page(browser, samples, dark=dark)
        style = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
        colours.append(browser.execute_script(style))
    light, night = ([_luminance(colour) for colour in pair] for pair in colours)
    assert light[0] < light[1]
    assert night[0] > night[1]
    for ink, paper in (light, night):
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 7


def _luminance(colour: str) -> float:
    """Relative luminance of "rgb(r, g, b)" (WCAG 2)."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_paper_gets_every_row_of_the_filter(browser, many, tmp_path):
    open_page(browser, many)
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert len(texts(browser, "#rows tr")) == 220
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert len(texts(browser, "#rows tr")) == 50
    save_print(browser, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_without_scripts_the_best_are_there(browser, samples):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, samples)
        source = browser.page_source
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "need JavaScript" in source
    assert source.count('<th scope="row">') == 10
