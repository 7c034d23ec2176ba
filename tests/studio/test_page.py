"""The page of the studio: its files, and what a person does with it in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from studios import running

import grafito
from grafito.studio import words

PAGE = Path(grafito.__file__).parent / "studio" / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
MOST_LINES, MOST_BYTES = 3_500, 600_000
CALL = re.compile(r"\b(?:word|part|folded)\(\s*\"([^\"]+)\"")


# The files


def test_the_page_is_as_small_as_it_was_planned():
    text = [path.read_text() for path in [*SCRIPTS, *PAGE.glob("*.css")]]
    assert sum(len(part.splitlines()) for part in text) <= MOST_LINES
    assert sum(path.stat().st_size for path in PAGE.rglob("*")) < MOST_BYTES


def test_each_word_of_the_page_has_its_translation():
    script = "\n".join(path.read_text() for path in SCRIPTS)
    asked = {*CALL.findall(script)}
    asked |= {*re.findall(r'data-(?:word|name)="([^"]+)"', (PAGE / "index.html").read_text())}
    assert len(asked) > 50
    known = words.words("es")
    assert not asked - known.keys()
    unused = [text for text in known if f'"{text}"' not in script and text not in asked]
    assert not unused


def test_the_page_loads_nothing_from_elsewhere():
    for path in PAGE.rglob("*"):
        found = re.findall(r"https?://[\w./]+|url\([^)]*\)|@import", path.read_text())
        assert {*found} <= {"http://www.w3.org/2000/svg"}, path.name


# In a browser


@pytest.fixture(scope="module")
def browser():
    sync = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium")
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cache")) as (address, _process):
        yield address


@pytest.fixture
def opened(browser, address):
    """Opens the page; at the end nothing may stand in the console."""
    said, contexts = [], []

    def open_page(scheme="light", width=1440, height=840, lang="en", at=address):
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": height}, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.add_init_script(
            f"localStorage.getItem('studio-language') ?? "
            f"localStorage.setItem('studio-language', '{lang}')"
        )
        page.goto(at)
        page.wait_for_selector("main:not([inert])")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def status(page):
    return page.get_by_role("status").inner_text()


def wait_for_status(page, pattern):
    page.wait_for_function(
        "pattern => new RegExp(pattern).test(document.querySelector('[role=status]').textContent)",
        arg=pattern,
    )
    return status(page)


def right(page, text):
    page.wait_for_function(
        "text => document.getElementById('right').textContent === text", arg=text
    )


def choose_xor(page):
    button(page, "XOR").click()
    page.wait_for_selector('[data-set="xor"][aria-pressed="true"]')
    page.get_by_text(re.compile("of 4 right")).wait_for()
    wait_for_status(page, "^epoch 0 · batch 1$")


def test_xor_is_trained_and_stepped_back_to_the_same_numbers_in_a_browser(opened):
    page = opened()
    choose_xor(page)
    button(page, "Train").click()
    right(page, "4 of 4 right")
    button(page, "Pause").click()
    button(page, "Train").wait_for()
    start = wait_for_status(page, r"^epoch [\d,]+ · batch 1$")
    calculation = page.get_by_role("region", name="Calculation")

    def told(at):
        wait_for_status(page, rf"operation {at} of {last}$")
        page.locator(f".operations button:nth-child({at})[aria-current]").wait_for()
        return calculation.inner_text(), page.locator(".drawing svg").evaluate(
            "svg => svg.textContent"
        )

    button(page, "Step").click()
    place = wait_for_status(page, r"operation 1 of \d+$")
    last = int(place.rpartition(" ")[2])
    page.wait_for_selector(".drawing svg")
    seen = []
    for at in range(1, 6):
        seen.append(told(at))
        button(page, "Step").click()
    wait_for_status(page, rf"operation 6 of {last}$")
    assert len({text for text, _drawing in seen}) == 5
    button(page, "Batch").click()
    wait_for_status(page, rf"^(?!{re.escape(start)}).* · batch 1$")
    button(page, "Back one batch").click()
    wait_for_status(page, f"^{re.escape(start)}$")
    for at in range(1, 6):
        button(page, "Step").click()
        assert told(at) == seen[at - 1]
    for at in range(4, 0, -1):
        button(page, "Back").click()
        assert told(at) == seen[at - 1]


def test_the_scrubber_goes_to_any_batch_in_a_browser(opened):
    page = opened()
    button(page, "Circles").click()
    wait_for_status(page, "^epoch 0 · batch 1$")
    for epoch in (1, 2):
        button(page, "Epoch").click()
        wait_for_status(page, f"^epoch {epoch} · batch 1$")
    slider = page.get_by_role("slider", name="Place in the training")
    slider.press("Home")
    wait_for_status(page, "^epoch 0 · batch 1$")
    slider.press("End")
    wait_for_status(page, "^epoch 2 · batch 1$")


def test_the_language_changes_in_a_browser(opened):
    page = opened()
    button(page, "Español").click()
    for name in ("Entrenar", "Paso", "Atrás", "Época", "Lote", "Reiniciar", "Espirales"):
        button(page, name).wait_for()
    page.get_by_role("region", name="Cálculo").wait_for()
    button(page, "Paso").click()
    wait_for_status(page, r"^época [\d\u202f]+ · lote \d+ · operación 1 de \d+$")
    button(page, "Reiniciar").click()
    wait_for_status(page, "^época 0 · lote 1$")
    assert page.get_attribute("html", "lang") == "es"
    page.reload()
    button(page, "Entrenar").wait_for()


def test_a_table_is_loaded_in_a_browser(opened, tmp_path):
    path = tmp_path / "flowers.csv"
    rows = [f"{i % 7},{i % 5 + i % 3},{'red' if i % 7 > i % 5 else 'white'}" for i in range(60)]
    path.write_text("length,width,colour\n" + "\n".join(rows) + "\n")
    page = opened()
    page.set_input_files("#upload", path)
    page.wait_for_selector('[data-set="csv"][aria-pressed="true"]')
    page.get_by_text(re.compile("of 48 right")).wait_for()
    button(page, "Epoch").click()
    wait_for_status(page, "^epoch 1 ")
    assert page.get_by_label("Column to predict").input_value() == "colour"


def test_points_are_drawn_with_the_mouse_and_the_keys_in_a_browser(opened):
    page = opened()
    button(page, "My points").click()
    pad = page.get_by_role("application")
    box = pad.bounding_box()
    for x in (0.2, 0.3, 0.25):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + x * box["height"])
    button(page, "Class 1").click()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.7 * box["height"])
    pad.focus()
    for key in ("ArrowRight", "ArrowDown", "Space", "ArrowRight", "Space", "Delete"):
        page.keyboard.press(key)
    page.get_by_text(re.compile("of 4 right")).wait_for()
    page.get_by_label("For validation").press("Home")
    page.get_by_text(re.compile("of 5 right")).wait_for()


def test_what_is_taken_along_runs_and_opens_in_a_browser(opened, browser, tmp_path):
    page = opened()
    choose_xor(page)
    button(page, "Epoch").click()
    wait_for_status(page, "^epoch 1 ")
    for name in ("Program", "Program for Keras", "Model", "Report", "Player"):
        with page.expect_download(timeout=120_000) as got:
            button(page, name).click()
        got.value.save_as(tmp_path / name / got.value.suggested_filename)
    (program,) = (tmp_path / "Program").iterdir()
    ended = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr
    assert "accuracy" in ended.stdout
    (player,) = (tmp_path / "Player").iterdir()
    other = browser.new_page()
    other.goto(player.as_uri())
    other.click("#forward")
    assert other.inner_text("#count").startswith("1 / ")
    other.close()


def test_the_number_of_a_unit_is_explained_in_a_browser(opened):
    page = opened()
    choose_xor(page)
    page.locator('.unit[aria-pressed="false"]').first.click()
    calculation = page.get_by_role("region", name="Calculation")
    calculation.get_by_text(re.compile(r"^z = ")).wait_for()
    first = calculation.inner_text()
    calculation.get_by_label("Example of the batch").fill("2")
    calculation.get_by_text(re.compile("example 2", re.IGNORECASE)).wait_for()
    assert calculation.inner_text() != first
    assert page.locator(".net .told").inner_text()


def test_what_does_not_go_together_is_said_beside_the_field_in_a_browser(opened):
    page = opened()
    first = page.get_by_role("group", name="Layer 1")
    first.get_by_label("Units").fill("0")
    first.get_by_label("Units").press("Enter")
    said = page.locator(".wrong:visible")
    said.wait_for()
    assert "units" in said.inner_text()
    first.get_by_label("Units").fill("3")
    first.get_by_label("Units").press("Enter")
    said.wait_for(state="hidden")


def test_the_keyboard_alone_suffices_in_a_browser(opened):
    page = opened()

    def press_on(name, key="Enter"):
        for _ in range(80):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim()"
            )
            if focused == name:
                page.keyboard.press(key)
                return
        raise AssertionError(name)

    press_on("Circles", "Space")
    page.wait_for_selector('[data-set="circles"][aria-pressed="true"]')
    press_on("Reset")
    wait_for_status(page, "^epoch 0 · batch 1$")
    press_on("Step")
    wait_for_status(page, "operation 1 of")
    page.keyboard.press("Enter")
    wait_for_status(page, "operation 2 of")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    wait_for_status(page, "operation 1 of")


def test_long_numbers_of_a_calculation_go_on_in_a_further_line_in_a_browser(opened):
    """What scrolls sideways would have to be reached by the keyboard."""
    page = opened()
    wait_for_status(page, ".")
    page.locator("#step").click()
    page.wait_for_selector("#calculation td")
    page.evaluate(
        "document.querySelector('#calculation td').textContent = '[' + '0.1234 '.repeat(400) + ']'"
    )
    wide = "[...document.querySelectorAll('#calculation, #calculation *')]"
    assert page.evaluate(f"{wide}.filter(x => x.scrollWidth > x.clientWidth + 1).length") == 0


VIEWS = [("light", 1440, "en"), ("dark", 1440, "es"), ("light", 390, "es"), ("dark", 390, "en")]


@pytest.mark.parametrize(("scheme", "width", "lang"), VIEWS)
def test_roles_names_and_contrast_are_right_in_a_browser(opened, scheme, width, lang):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(scheme, width, 844, lang)
    wait_for_status(page, ".")
    found = axe.run(page)
    page.locator("#step").click()
    wait_for_status(page, r"opera\S+ \d+ ")
    later = axe.run(page)
    for report in (found, later):
        assert report.violations_count == 0, report.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_attribute("html", "data-theme") == scheme
    page.locator("#theme").click()
    assert page.get_attribute("html", "data-theme") != scheme


def test_a_second_tab_and_a_lost_server_are_told_in_a_browser(browser, tmp_path):
    with running(tmp_path) as (address, process):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("main:not([inert])")
        page.locator("#epoch").click()
        wait_for_status(page, r"^epoch 1 ")
        other = browser.new_page()
        other.goto(address)
        wait_for_status(other, r"^epoch 1 ")
        page.reload()
        wait_for_status(page, r"^epoch 1 ")
        process.terminate()
        process.wait(30)
        page.get_by_role("alert").get_by_text(re.compile("does not answer")).wait_for()
        wait_for_status(page, r"^epoch 1 ")
        page.close()
        other.close()


def test_an_address_without_its_token_is_told_in_words_in_a_browser(browser, address):
    page = browser.new_page()
    page.goto(address.partition("?")[0])
    assert "token" in page.inner_text("body")
    page.close()
