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
from grafito import Sequential, lab, layers
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


def new_page(where):
    page = where.new_page()
    page.set_default_timeout(60_000)  # on a busy machine
    return page


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
        page = new_page(context)
        page.said = said
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
        "pattern => new RegExp(pattern).test(document.querySelector('[role=status]')?.textContent)",
        arg=pattern,
    )
    return status(page)


def right(page, text):
    page.wait_for_function(
        "text => document.getElementById('right')?.textContent === text", arg=text
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
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    for step in range(1, 6):  # a line of points
        page.wait_for_timeout(60)
        page.mouse.move(box["x"] + (0.4 + 0.05 * step) * box["width"], box["y"] + 30)
    page.mouse.up()
    page.get_by_text(re.compile(r"of ([7-9]|1\d) right")).wait_for()


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
    other = new_page(browser)
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
    units = first.get_by_label("Units")
    said = page.locator(".wrong:visible")
    for wrong, expected in (("0", "an integer, 1 or more"), ("5000", "1000 at most")):
        units.fill(wrong)
        units.press("Enter")
        said.get_by_text(f"expected: {expected}").wait_for()
    units.fill("3")
    units.press("Enter")
    said.wait_for(state="hidden")
    units.fill("")
    units.press("Enter")
    assert units.input_value() == "3"


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


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Files of models: of the plane, of pictures of digits, of a table, and one that is large."""
    folder = tmp_path_factory.mktemp("models")
    kinds = {
        "plane": [layers.Input((2,)), layers.Dense(3, "relu"), layers.Dense(1, "sigmoid")],
        "digits": [layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10, "softmax")],
        "table": [layers.Input((4,)), layers.Dense(3, "softmax")],
        "large": [
            layers.Input((2,)),
            layers.Dense(600),
            layers.Dense(600),
            layers.Dense(3, "softmax"),
        ],
    }
    for name, parts in kinds.items():
        Sequential(parts).save(folder / f"{name}.safetensors")
    return folder


KINDS = ("Iris-setosa", "Iris-virginica", "Iris-versicolor")
IRIS = "sepal_length,petal_length,petal_width,sepal_width,species\n" + "".join(
    f"{i % 7 + i / 61:.2f},{i % 5},{i % 3 + i % 2},{i % 4},{KINDS[i % 3]}\n" for i in range(60)
)


def test_a_model_is_opened_with_data_that_fit_it_in_a_browser(opened, models, tmp_path):
    page = opened()
    own = page.get_by_text("The network is that of the file")
    assert not own.is_visible()
    for name, data in (("digits", "digits"), ("plane", "moons")):
        page.set_input_files("#upload", models / f"{name}.safetensors")
        page.wait_for_selector(f'[data-set="{data}"][aria-pressed="true"]')
        own.wait_for()
        button(page, "Epoch").click()
        wait_for_status(page, "^epoch 1 ")
    assert not page.get_by_label("Activation of the output").is_visible()
    page.set_input_files("#upload", models / "table.safetensors")
    page.locator(".wrong:visible", has_text="open a table with as many inputs first").wait_for()
    button(page, "Build one of my own").click()
    own.wait_for(state="hidden")
    (tmp_path / "iris.csv").write_text(IRIS)
    page.set_input_files("#upload", tmp_path / "iris.csv")
    page.locator(".beside", has_text="Iris-versicolor").wait_for()
    page.set_input_files("#upload", models / "table.safetensors")
    own.wait_for()
    page.locator(".beside", has_text="Iris-versicolor").wait_for()
    button(page, "Program for Keras").click()
    page.get_by_text("Keras cannot read the file").wait_for()
    assert "409" in page.said.pop()
    button(page, "Build one of my own").click()
    own.wait_for(state="hidden")


def test_a_large_model_is_drawn_by_layers_in_a_browser(opened, models):
    page = opened()
    page.set_input_files("#upload", models / "large.safetensors")
    page.get_by_text("Dense 600").first.wait_for()
    assert page.locator(".unit").count() == 2 + 3  # the inputs, and a box for each layer
    button(page, "Batch").click()
    wait_for_status(page, "batch 2$")
    button(page, "Step").click()
    page.get_by_role("alert").get_by_text("too large for its operations").wait_for()
    button(page, "Build one of my own").click()
    page.locator(".unit:enabled").first.wait_for()


def test_files_that_are_none_get_words_in_a_browser(opened, tmp_path):
    page = opened()
    files = {
        "zero.csv": (b"a,b\n\0,1\n", "zero.csv: The table holds a zero byte"),
        "empty.tsv": (b"", "empty.tsv: The table has no rows."),
        "long.csv": (b"1,2\n" * 2_100_000, "long.csv: The file is too large."),
        "photo.safetensors": (b"PNG", "The file is damaged or cut short."),
    }
    for name, (content, words_) in files.items():
        (tmp_path / name).write_bytes(content)
        page.set_input_files("#upload", tmp_path / name)
        page.get_by_text(words_).wait_for()
        text = page.inner_text("#notice") + page.inner_text("#build")
        assert not re.search(r"[0-9a-f]{32}", text)
        assert str(tmp_path.parent) not in text
    for line in page.said:
        assert re.search("status of 4(00|13)", line)
    assert len(page.said) == 3
    page.said.clear()
    accepted = page.get_attribute("#upload", "accept").split(",")
    assert {".csv", ".tsv", ".txt", ".safetensors", ".keras"} == {*accepted}


def test_ones_own_table_is_shown_again_after_a_reload_in_a_browser(opened, tmp_path):
    path = tmp_path / "iris.csv"
    path.write_text(IRIS)
    page = opened()
    page.set_input_files("#upload", path)
    column = page.get_by_label("Column to predict")
    page.locator(".beside", has_text="Iris-setosa").wait_for()
    assert column.input_value() == "species"
    column.select_option("sepal_length")
    right(page, "")
    page.reload()
    page.wait_for_selector("main:not([inert])")  # until then the fields are there, but empty
    assert column.input_value() == "sepal_length"
    assert column.locator("option").count() == 5
    column.select_option("species")
    page.locator(".beside", has_text="Iris-setosa").wait_for()


def test_a_change_outlives_the_answer_to_an_earlier_one_in_a_browser(opened):
    page = opened()
    held, sockets, slow = [], [], []

    def pass_on(socket):
        sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda told: held.append(told) if slow else socket.send(told))

    page.route_web_socket(re.compile("/socket"), pass_on)
    page.reload()
    page.wait_for_selector("main:not([inert])")
    slow.append(True)
    optimizer, rate = page.get_by_label("Optimizer"), page.get_by_label("Learning rate")
    optimizer.select_option("sgd")
    page.wait_for_timeout(400)
    assert held  # the answer to the first change, which comes after the second was made
    rate.press("End")
    slow.clear()
    for told in held:
        sockets[-1].send(told)
    page.wait_for_timeout(600)
    assert (optimizer.input_value(), rate.input_value()) == ("sgd", rate.get_attribute("max"))
    page.reload()
    page.wait_for_selector("main:not([inert])")
    assert (optimizer.input_value(), rate.input_value()) == ("sgd", rate.get_attribute("max"))


def test_a_seed_is_typed_and_a_wrong_one_gets_words_in_a_browser(opened):
    page = opened()
    button(page, "Circles").click()
    wait_for_status(page, "^epoch 0 · batch 1$")
    seed = page.get_by_label("Seed")
    for wrong in ("-1", "99999999999", "1.5", ""):
        seed.fill(wrong)
        seed.press("Enter")
        page.get_by_role("alert").get_by_text("A seed is a whole number").wait_for()
    seed.fill("12345")
    seed.press("Enter")
    page.locator("#about", has_text="seed 12345").wait_for()
    page.get_by_text("A seed is a whole number").wait_for(state="hidden")
    button(page, "Batch").click()
    wait_for_status(page, "batch 2$")


def test_the_speed_holds_and_is_shown_after_a_reload_in_a_browser(opened):
    page = opened()
    button(page, "Circles").click()
    wait_for_status(page, "^epoch 0 · batch 1$")
    page.get_by_label("Speed").select_option("1")
    button(page, "Train").click()
    wait_for_status(page, r"batch [2-7]$")
    page.reload()
    button(page, "Pause").wait_for()
    page.wait_for_function("() => document.getElementById('speed')?.value === '1'")
    button(page, "Pause").click()
    wait_for_status(page, r"^epoch [0-3] · ")
    page.get_by_label("Speed").select_option("0")
    button(page, "Train").click()
    wait_for_status(page, r"^epoch \d\d")
    button(page, "Pause").click()


def test_a_lost_connection_comes_back_to_its_training_in_a_browser(browser, address):
    page = new_page(browser)
    sockets = []

    def between(socket):
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/socket"), between)
    page.goto(address)
    page.wait_for_selector("main:not([inert])")
    page.locator("#epoch").click()
    before = wait_for_status(page, r"^epoch [1-9]")
    page.locator("#step").click()
    before = wait_for_status(page, r"operation 1 of \d+$")
    for code in (1006, 1001, 1008):
        sockets[-1].close(code=code if code != 1006 else None)
        page.get_by_role("alert").get_by_text("does not answer").wait_for()
        assert status(page) == before
        page.get_by_role("alert").wait_for(state="hidden")
        wait_for_status(page, f"^{re.escape(before)}$")
        page.wait_for_selector(".drawing svg")
    page.locator("#rewind").click()
    wait_for_status(page, r"^epoch \d+ · batch \d+$")
    assert len(sockets) == 4
    page.close()


def test_a_rate_that_diverges_is_told_and_the_page_goes_on_in_a_browser(opened):
    page = opened()
    button(page, "Regression").click()
    page.get_by_label("Optimizer").select_option("sgd")
    page.get_by_label("Learning rate").press("End")
    wait_for_status(page, "^epoch 0 · batch 1$")
    button(page, "Train").click()
    health = page.locator(".health")
    health.get_by_text("the loss is no number any more").wait_for()
    button(page, "Pause").click()
    button(page, "Back one batch").click()
    button(page, "Step").click()
    wait_for_status(page, "operation 1 of")
    assert "no number any more" in health.inner_text()
    button(page, "Reset").click()
    wait_for_status(page, "^epoch 0 · batch 1$")
    health.get_by_text("Nothing was found").wait_for()


def test_formulas_are_drawn_as_such_in_a_browser(opened):
    page = opened()
    choose_xor(page)
    button(page, "Step").click()
    page.wait_for_selector(".drawing svg")
    page.locator(".operations .back", has_text="tanh").first.click()
    page.locator("#calculation mfrac").wait_for()
    spaces = "[...document.querySelectorAll('#calculation math *')].map(x => x.namespaceURI)"
    assert {*page.evaluate(spaces)} == {"http://www.w3.org/1998/Math/MathML"}
    calculation = page.get_by_role("region", name="Calculation")
    assert re.search(r"g = the gradient of #\d, y = #\d", calculation.inner_text())


def test_other_data_close_the_step_of_the_network_before_in_a_browser(opened):
    page = opened()
    choose_xor(page)
    button(page, "Step").click()
    page.wait_for_selector(".drawing svg")
    button(page, "Digits").click()
    page.wait_for_selector('[data-set="digits"][aria-pressed="true"]')
    page.locator(".drawing").wait_for(state="hidden")
    page.locator(".net").wait_for()
    assert button(page, "units").get_attribute("aria-pressed") == "true"


def test_a_phone_shows_the_network_that_is_trained_in_a_browser(opened):
    page = opened(width=390, height=844)
    page.evaluate("() => scrollTo(0, 0)")
    page.locator("#step").click()
    page.wait_for_selector(".drawing svg")
    box, screen = page.locator(".stage").bounding_box(), 844
    assert 0 <= box["y"] < screen / 2


@pytest.mark.parametrize("source", ["digits", "run"])
def test_what_the_command_line_names_is_opened_in_a_browser(browser, source, tmp_path):
    if source == "run":
        result = lab.run(lab.get("digits", quick=True), out=tmp_path / "runs", verbose=0)
        source = str(result.folder)
    with running(tmp_path / "cache", source) as (address, _process):
        page = new_page(browser)
        page.goto(address)
        page.wait_for_selector("main:not([inert])")
        page.locator("#right", has_text=re.compile("of .* right")).wait_for()
        before = page.inner_text("#right")
        page.locator("#step").click()
        wait_for_status(page, "operation 1 of")
        page.locator("#epoch").click()
        wait_for_status(page, "^epoch 1 ")
        page.locator("#reset").click()
        right(page, before)
        page.close()


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
        page = new_page(browser)
        page.goto(address)
        page.wait_for_selector("main:not([inert])")
        page.locator("#epoch").click()
        wait_for_status(page, r"^epoch 1 ")
        other = new_page(browser)
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
    page = new_page(browser)
    page.goto(address.partition("?")[0])
    assert "token" in page.inner_text("body")
    page.close()
