"""The layered layout: few crossings, groups in rectangles of their own, lines to the right."""

import itertools
import math
import random

import pytest

from grafito.errors import GraphError
from grafito.figures.layered import Box, Link, place, split_groups
from grafito.figures.layered.columns import build_columns
from grafito.figures.layered.crossings import count_crossings, order_columns


def layout(text, groups=None):
    """From "a>b b>c": boxes, links with labels, placement."""
    links = [Link(*arrow.split(">"), 34, 24) for arrow in text.split()]
    names = dict.fromkeys(name for link in links for name in (link.source, link.target))
    boxes = {name: Box(25, 25, (groups or {}).get(name, ())) for name in names}
    return boxes, links, place(boxes, links, {"A": (10, 9), "B": (80, 9)})


PLANAR = {
    "chain": "a>b b>c c>d",
    "two products": "w>p x>p v>q y>q p>s q>s s>t b>t",
    "inputs in the wrong order": "a>p b>q c>p d>q p>s q>s a>c2 c2>s",
    "diamond": "a>b a>c b>d c>d",
    "the same input twice": "a>b a>b",
    "skip over two": "a>b b>c c>d a>d",
    "skips on both sides": "a>b b>c c>d d>e a>c c>e a>e",
    "ladder": "a>b c>d a>d2 b>e d>e d2>e",
    "fan": "a>b a>c a>d a>e b>f c>f d>f e>f",
    "two components": "a>b c>d c>e d>f e>f",
    "binary tree": "1>9 2>9 3>10 4>10 5>11 6>11 7>12 8>12 9>13 10>13 11>14 12>14 13>15 14>15",
    "crossed at first": "a>x b>y c>z z>p y>q x>r r>s q>s p>s",
}


@pytest.mark.parametrize("text", PLANAR.values(), ids=PLANAR)
def test_no_crossing_where_none_is_needed(text):
    assert layout(text)[2].crossings == 0


@pytest.mark.parametrize("seed", range(15))
def test_no_order_has_fewer_crossings(seed):
    """Against all orders, in graphs so small that all can be tried."""
    chance = random.Random(seed)
    links = [
        Link(str(chance.randrange(max(0, i - 4), i)), str(i), 34, 24)
        for i in range(1, 10)
        for _ in range(chance.choice((1, 2)))
    ]
    for size in range(10, 3, -1):
        boxes = {str(i): Box(25, 25) for i in range(size)}
        columns, _ = build_columns(boxes, [link for link in links if link.target in boxes])
        if math.prod(math.factorial(len(column)) for column in columns) <= 10_000:
            break
    every = itertools.product(*(itertools.permutations(column) for column in columns))
    fewest = min(count_crossings([list(column) for column in choice]) for choice in every)
    order_columns(columns)
    assert count_crossings(columns) == fewest


def test_a_formula_is_drawn_in_the_order_it_is_read():
    nodes = layout("w0>p0 x0>p0 w1>p1 x1>p1 p0>s p1>s s>t b>t")[2].nodes
    heights = [nodes[name][1] for name in ("w0", "x0", "w1", "x1")]
    assert heights == sorted(heights)
    assert nodes["s"][1] < nodes["b"][1]


def test_the_main_flow_is_level():
    nodes = layout("x>m w>m m>a b>a a>t t>y")[2].nodes
    assert nodes["m"][1] == pytest.approx(nodes["t"][1], abs=4)
    assert nodes["t"][1] == pytest.approx(nodes["y"][1], abs=1)


@pytest.mark.parametrize("seed", range(20))
def test_lines_run_to_the_right_and_things_lie_apart(seed):
    chance = random.Random(seed)
    boxes = {str(i): Box(chance.choice((25, 70)), 25) for i in range(25)}
    links = [
        Link(str(max(0, i - 1 - int(chance.expovariate(0.3)))), str(i), chance.choice((0, 60)), 24)
        for i in range(1, 25)
        for _ in range(2)
    ]
    result = place(boxes, links)
    things = [(*result.nodes[name], box.width, box.height) for name, box in boxes.items()]
    for link, route in zip(links, result.routes, strict=True):
        places = [result.nodes[link.source][0]]
        for stretch in route:
            places += [stretch.left, stretch.right]
            if stretch.label is not None:
                things.append((stretch.label, stretch.y, link.width, link.height))
        places.append(result.nodes[link.target][0])
        assert places == sorted(places)
    for a, b in itertools.combinations(things, 2):
        apart = [abs(a[i] - b[i]) - (a[i + 2] + b[i + 2]) / 2 for i in (0, 1)]
        assert max(apart) > -1e-6


GROUPS = {
    "in a row": ("x>a a>b u>b b>c v>c c>y", {"a": "A", "u": "A", "b": "A", "v": "B", "c": "B"}),
    "side by side": ("x>a x>b a>c b>d c>y d>y", {"a": "A", "c": "A", "b": "B", "d": "B"}),
    "a line past a group": ("x>a a>b b>y x>y x>z z>y", {"a": "A", "b": "A"}),
    "nested": ("x>a a>b b>c c>y", {"a": "A", "b": "AB", "c": "AB"}),
    "two readers": ("w>a w>b x>a x>b a>y b>y", {"a": "A", "b": "B"}),
}


@pytest.mark.parametrize(("text", "letters"), GROUPS.values(), ids=GROUPS)
def test_a_region_holds_its_group_and_nothing_else(text, letters):
    groups = {name: tuple(letters.get(name, "")) for name in text.replace(">", " ").split()}
    boxes, _, result = layout(text, groups)
    assert {region.path for region in result.regions} == {
        path[:depth] for path in groups.values() for depth in range(1, len(path) + 1)
    }
    for region in result.regions:
        assert region.left >= -1e-6
        assert region.top >= -1e-6
        assert region.right <= result.width + 1e-6
        assert region.bottom <= result.height + 1e-6
        for name, (x, y) in result.nodes.items():
            inside = groups[name][: len(region.path)] == region.path
            w, h = boxes[name].width / 2, boxes[name].height / 2
            if inside:
                assert region.left < x - w
                assert x + w < region.right
                assert region.top < y - h
                assert y + h < region.bottom
            else:
                assert (
                    x + w <= region.left
                    or x - w >= region.right
                    or y + h <= region.top
                    or y - h >= region.bottom
                )


def test_a_region_is_as_wide_as_its_title():
    (region,) = layout("x>a a>y", {"a": ("B",)})[2].regions
    assert region.right - region.title >= 80


def test_groups_that_feed_each_other_are_still_drawn():
    groups = {"a": ("A",), "c": ("A",), "b": ("B",), "d": ("B",), "e": ("A",), "f": ("B",)}
    result = layout("a>b c>e e>a d>c b>f f>d2 a>e2", groups)[2]
    assert len(result.nodes) == 8


PIECES = {
    "one": ("a>b b>c", {"a": "A", "b": "A", "c": "A"}, {"a": 0, "b": 0, "c": 0}),
    "called twice": ("a>b b>c", {"a": "A", "c": "A"}, {"a": 0, "c": 1}),
    "called three times": (
        "a>b b>c c>d d>e",
        {"a": "A", "c": "A", "e": "A"},
        {"a": 0, "c": 1, "e": 2},
    ),
    "with a shared weight": (
        "w>a a>b b>c w>c",
        {"w": "A", "a": "A", "c": "A"},
        {"w": 0, "a": 0, "c": 1},
    ),
    "left and entered again": (
        "a>b b>c a>c",
        {"a": "A", "c": "A"},
        {"a": 0, "c": 1},
    ),
}


@pytest.mark.parametrize(("text", "letters", "expected"), PIECES.values(), ids=PIECES)
def test_a_group_that_is_left_and_entered_again_falls_into_pieces(text, letters, expected):
    links = [Link(*arrow.split(">")) for arrow in text.split()]
    names = dict.fromkeys(text.replace(">", " ").split())
    paths = split_groups({name: tuple(letters.get(name, "")) for name in names}, links)
    assert {name: path[0][1] for name, path in paths.items() if path} == expected


def test_a_cycle_is_an_error():
    with pytest.raises(GraphError, match="cycle"):
        layout("a>b b>c c>a")
