"""The player of one step: numbers of the graph, exact steps, and the page in a real browser."""

import html.parser
import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from grafito import Sequential, graph, insight, layers, optimizers, utils
from grafito.errors import ArgumentError, FileError, GrafitoError
from grafito.figures import graph_table
from grafito.figures.text import number
from grafito.insight import chain_rule, page
from grafito.language import known_names, use

FORMULA, POINT = "(w*x - t)^2", {"w": 2.0, "x": 3.0, "t": 5.0}
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def neuron(**settings):
    return insight.Player(FORMULA, POINT, parameters=["w"], **settings)


def xor(optimizer="sgd"):
    utils.set_random_seed(1)
    stack = [layers.Dense(2, "tanh"), layers.Dropout(0.1), layers.Dense(1, "sigmoid")]
    model = Sequential([layers.Input((2,)), *stack])
    model.compile(optimizer, "mse")
    return model


def test_operations_go_forward_and_back():
    player = neuron()
    seen = [player.forward() for _ in range(len(player) + 2)]
    assert [op.way for op in seen[:4]] == ["forward"] * 3 + ["back"]
    assert seen[-1] is seen[-2]
    assert player.back() is player.plan[-2]
    assert player.at(0).formula == "#1 = w × x"
    assert player.back() is player.plan[0]
    assert float(player.at("w").gradient) == 6.0
    assert player.at("#2").way == "back"
    assert {name: float(g) for name, g in player.at("#1").received.items()} == {"w": 6.0, "x": 4.0}


# What x = 3 receives of an operation that it enters twice.
TWICE = {"x*x": 6.0, "x/x": 0.0, "x-x": 0.0, "x+x": 2.0, "x^x": 27 * (1 + np.log(3.0))}


@pytest.mark.parametrize("formula", TWICE)
def test_an_input_that_enters_twice_receives_both_gradients(formula):
    operation = insight.Player(formula, {"x": 3.0}).at("#1")
    assert float(operation.received["x"]) == pytest.approx(TWICE[formula])
    assert f"x ← {TWICE[formula]:.3f}" in str(operation)


def test_numbers_are_those_of_the_table_of_the_graph():
    player = neuron()
    table = graph_table(FORMULA, POINT)
    for op in player.plan:
        if op.way == "back":
            row = next(r for r in table.splitlines() if r.startswith(op.formula.partition(" =")[0]))
            assert number(op.value) in row
            assert number(op.gradient) in row


@pytest.mark.parametrize("make", [xor, lambda: xor(optimizers.Adam(0.1))])
def test_steps_of_a_model_are_those_of_the_training_and_taken_back_exactly(make):
    model = make()
    before = model.get_weights()
    player = insight.Player(model, X, Y)
    numbers = []
    for _ in range(13):
        numbers.append([op.value for op in player.plan])
        player.next_step()
    last = [op.value for op in player.plan]
    for step in (12, 11, 10, 9, 8):
        player.previous_step()
        assert player.step == step
        assert all((a == op.value).all() for a, op in zip(numbers[step], player.plan, strict=True))
    for _ in range(5):
        player.next_step()
    assert all((a == op.value).all() for a, op in zip(last, player.plan, strict=True))
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    trained = make()
    for _ in range(13):
        trained.train_on_batch(X, Y)
    kernel = next(op.value for op in player.plan if op.name.endswith("kernel"))
    assert any((kernel == w).all() for w in trained.get_weights() if w.shape == kernel.shape)


def test_steps_of_a_formula_descend():
    player = neuron(rate=0.05)
    losses = []
    for _ in range(5):
        losses.append(float(player.at("#3").value))
        player.next_step()
    assert losses == sorted(losses, reverse=True)
    assert float(player.at("w").value) == pytest.approx(2.0 - 0.05 * 6 - 0.05 * 0.6, abs=0.1)
    for _ in range(5):
        player.previous_step()
    assert float(player.at("w").value) == 2.0


PAIRS = ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "matmul"]
SINGLE = [
    "negative",
    "square",
    "sqrt",
    "exp",
    "log",
    "sigmoid",
    "tanh",
    "relu",
    "abs",
    "softmax",
    "transpose",
    "max",
]


@pytest.mark.parametrize("name", [*PAIRS, *SINGLE])
def test_the_rules_agree_with_the_gradients(name):
    """Each formula gives what the op's own gradient gives."""
    rng = np.random.default_rng(0)
    shape = (2, 2) if name in ("matmul", "transpose") else (2,)
    a, b, g = (np.abs(rng.normal(size=shape)) + 0.5 for _ in range(3))
    xs = [graph.placeholder(shape, "float64", n) for n in ("a", "b")[: 1 + (name in PAIRS)]]
    out = getattr(graph, name)(*xs)
    g = g if out.shape == shape else np.float64(1.5)
    slopes = graph.gradients(out, xs, [graph.constant(g, "float64")])
    feeds = dict(zip(xs, (a, b), strict=False))
    y = graph.value(out, feeds, dtype="float64")
    for formula, slope in zip(chain_rule.RULES[name].formulas, slopes, strict=True):
        rule = chain_rule.formula_graph(formula)
        given = {"a": a, "b": b, "g": np.broadcast_to(g, shape), "y": np.broadcast_to(y, shape)}
        given = {name: given[name] for name in graph.inputs(rule)}
        expected = graph.value(slope, feeds, dtype="float64")
        found = graph.value(rule, given, dtype="float64")
        assert found == pytest.approx(expected), formula


def test_joined_arrays_have_a_rule_of_their_own():
    a, b = (graph.placeholder((2,), "float64", name) for name in "ab")
    joined = insight.Player(
        graph.sum(graph.concatenate([a, b])), {"a": [1.0, 2.0], "b": [3.0, 4.0]}
    )
    assert "Each input receives its own part of the gradient." in joined.table("en")


@pytest.mark.parametrize("name", chain_rule.RULES)
def test_rules_are_well_formed_in_both_languages(name):
    rule = chain_rule.rule_of(name)
    for formula in rule.formulas:
        assert ElementTree.fromstring(chain_rule.mathml("a", formula)).tag == "math"
    with use("es"):
        from grafito.language import translate

        assert translate(rule.words) != rule.words


@pytest.mark.parametrize(("lang", "number"), [("en", "0.25 × w"), ("es", "0,25 × w")])
def test_numbers_in_formulas_have_the_sign_of_the_language(lang, number):
    player = insight.Player("0.25*w", {"w": 2.0})
    assert number in player.table(lang)
    data = json.loads(re.search(r'id="data">(.*?)</script>', player.html(lang=lang), re.DOTALL)[1])
    assert number in data["events"][0]["formula"]


# The page


@pytest.mark.parametrize(("known", "title"), [(True, "salida"), (False, "output")])
def test_regions_are_called_as_in_every_drawing(known, title):
    model = Sequential([layers.Input((2,)), layers.Dense(1, name="output")])
    model.compile("sgd", "mse")
    player = insight.Player(model, X, Y)
    with known_names(known):  # those of an experiment of grafito are translated
        text = player.html(lang="es")
    drawn = ElementTree.fromstring(re.search(r"<svg.*?</svg>", text, re.DOTALL)[0])
    shown = {"".join(element.itertext()).strip() for element in drawn.iter()}
    assert title in shown
    assert not {"output", "salida"} - {title} & shown


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_page_holds_everything_and_loads_nothing(lang, tmp_path):
    path = insight.Player(xor(), X, Y).save(tmp_path / "step.html", lang=lang)
    page = path.read_text()
    assert len(page.encode()) < 300_000
    assert f'<html lang="{lang}">' in page
    assert not re.findall(
        r"(?:src|href)=\"(?!#)[^\"]+|url\((?!#)|@import|https?://(?!www\.w3\.org)", page
    )
    assert ("Operaciones" in page) == (lang == "es")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    drawn = set(re.findall(r'id="([^"]+)"', page))
    for event in data["events"]:
        assert event["node"] in drawn
    assert not [p for p in tmp_path.iterdir() if p != path]


def test_a_drawing_in_rows_shows_each_arrow_with_its_operation():
    """An arrow that goes on in the next row is one arrow: both halves come together."""
    utils.set_random_seed(1)
    model = Sequential([layers.Input((2,)), layers.Dense(3, "relu"), layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    player = insight.Player(model, X, Y)
    page = player.html()
    assert "link 1 in" in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    told = {*data["start"], *(part for event in data["events"] for part in event["show"])}
    drawn = re.findall(r'id="((?:forward|back)-[\d.]+)"', page)
    assert len(set(drawn)) == len(drawn)
    assert any(part.endswith(".2") for part in drawn)
    assert {part.removesuffix(".2") for part in drawn} == {part for part in told if part in drawn}
    loss = data["events"][len([op for op in player.plan if op.way == "forward"]) - 1]
    (number,) = (part for part in loss["show"] if part.startswith("value-"))
    text = re.search(rf'id="{number}">\s*<text[^>]*>([^<]*)', page)[1]
    assert float(text) == pytest.approx(float(player.at("#10").value), abs=1e-3)
    assert number not in data["start"]


def test_hostile_names_do_no_harm(tmp_path):
    x = graph.placeholder((), name="</script><script>alert(1)</script>")
    page = insight.Player(x * 2.0, {x: 1.0}).html(title="<img src=x onerror=alert(2)>")
    assert "<script>alert(1)" not in page
    assert "<img" not in page


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_notebook_shows_the_page(lang):
    player = neuron()
    with use(lang):
        frame = player._repr_html_()
    given = {}
    reader = html.parser.HTMLParser()
    reader.handle_starttag = lambda tag, attributes: given.update(attributes)
    reader.feed(frame)
    assert given["srcdoc"] == player.html(lang=lang)
    assert given["sandbox"] == "allow-scripts"
    assert given["title"] in given["srcdoc"]


def test_a_drawing_fits_the_frame_of_a_report():
    """A page of 1,000 pixels shows all of it: no scroll bar below, none beside."""
    model = Sequential([layers.Input((2,)), layers.Dense(2, "tanh"), layers.Dense(1, "tanh")])
    model.compile("sgd", "mse")
    text = insight.Player(model, X[:1], Y[:1]).html()
    assert float(re.search(r'data-width="([\d.]+)"', text)[1]) <= page.IN_FRAME
    (across, down) = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups())
    high = int(re.search(r"height:(\d+)px", page.framed(text))[1])
    assert down * page.IN_FRAME / across <= page.SHARE_OF_DRAWING * high
    assert "height:740px" in page.framed("<p>No drawing.</p>")


def test_a_table_has_the_numbers_of_the_step():
    utils.set_random_seed(1)
    player = insight.Player(xor(), X, Y)
    with use("es"):
        rows = page.step_rows(player)
    assert len(rows) == len({op.node for op in player.plan})
    assert {len(row) for row in rows} == {len(page.COLUMNS)}
    assert [row[0] for row in rows if row[0].startswith("#")] == [
        op.formula for op in player.plan if op.way == "forward"
    ]
    loss = player.plan[len([op for op in player.plan if op.way == "forward"]) - 1]
    assert rows[-1][1:3] == [f"{float(loss.value):.3f}", "1.000"]


BAD = {
    "no value": (lambda: insight.Player(FORMULA, {"w": 1.0}), GrafitoError),
    "an unknown parameter": (
        lambda: insight.Player(FORMULA, POINT, parameters=["v"]),
        ArgumentError,
    ),
    "something else": (lambda: insight.Player(7.0), GrafitoError),
    "too many operations": (
        lambda: insight.Player(
            graph.sum(sum(graph.exp(graph.placeholder((), name=f"x{i}")) for i in range(200))), {}
        ),
        ArgumentError,
    ),
    "no such operation": (lambda: neuron().at("#9"), ArgumentError),
    "no such place": (lambda: neuron().at(99), ArgumentError),
    "before the first step": (lambda: neuron().previous_step(), ArgumentError),
    "no such folder": (lambda: neuron().save("/nowhere/at/all.html"), FileError),
    "no path": (lambda: neuron().save(None), FileError),
    "data of another shape": (lambda: insight.Player(xor(), X[:, :1], Y), GrafitoError),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_in_words(name):
    work, kind = BAD[name]
    with pytest.raises(kind):
        work()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 390)])
def test_the_page_in_a_browser(browser, scheme, width, tmp_path):
    path = neuron().save(tmp_path / "step.html")
    page = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, offline=True
    ).new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    assert page.inner_text("#count") == "0 / 9"

    def hidden(name):
        return page.evaluate(
            "id => [...document.querySelectorAll(`[id='${id}']`)].every("
            "e => getComputedStyle(e).visibility === 'hidden')",
            name,
        )

    assert hidden("value-2")
    page.keyboard.press("ArrowRight")
    assert "#1 = w × x" in page.inner_text("#told h2")
    assert not hidden("value-2")
    assert page.locator(".now").count() == 1
    page.click("#forward")
    page.keyboard.press("End")
    assert page.inner_text("#count") == "9 / 9"
    assert "6.0000" in page.inner_text("#told")
    assert page.is_disabled("#forward")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#count") == "8 / 9"
    page.keyboard.press("Home")
    assert hidden("value-2")
    page.click("#list li:nth-child(5) button")
    assert "first input receives the gradient" in page.inner_text("#told")
    assert page.locator("#told math").count() == 2
    assert page.get_attribute("#list [aria-current]", "aria-current") == "step"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []


@pytest.mark.parametrize("more", ["", "<script>document.title = 'other'</script>", "<img src=x>"])
def test_within_another_page_its_script_runs_and_no_other(browser, more, tmp_path):
    policy = f"default-src 'none'; script-src '{page.script_hash()}'; style-src 'unsafe-inline'"
    inside = neuron().html().replace("</main>", f"</main>{more}")
    path = tmp_path / "outer.html"
    path.write_text(
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        + page.framed(inside, "step")
    )
    outer = browser.new_context(offline=True).new_page()
    said = []
    outer.on("console", lambda message: said.append(message.text))
    outer.goto(path.as_uri())
    frame = outer.frames[1]
    frame.wait_for_selector("#list button")  # the script has run: before it a click does nothing
    frame.click("#forward")
    assert frame.inner_text("#count") == "1 / 9"
    assert frame.title() != "other"
    assert bool(said) == bool(more)
