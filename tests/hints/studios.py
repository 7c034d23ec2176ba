"""Rows: the studio."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

ROWS = [
    Row(
        "with patch('importlib.util.find_spec', lambda name: None):\n    studio.begin()",
        new="pip install 'grafito[studio]'",
        sentence="a command, not code",
        before="from unittest.mock import patch; from grafito import studio",
    ),
    Row(
        "with patch.object(keeping, 'private_folder', lambda name: None):\n    keeping.Kept()",
        new="GRAFITO_CACHE=folder with a folder of your own",
        sentence="a variable of the shell",
        before="from unittest.mock import patch; from grafito.studio import keeping",
    ),
    Row(
        "examples.with_features(x[:, :2], [])",
        "[]",
        '["x1", "x2"]',
        before="from grafito.studio import examples",
    ),
    Row(
        "opening._trains(lab.get('moons'))",
        new="one of its variants, or another experiment",
        sentence="a choice of the user's",
        before="from grafito import lab; from grafito.studio import opening",
    ),
    Row(
        "program.program(session, 'grafito')",
        new="grafito run NAME",
        sentence="a command, not code",
        before="from types import SimpleNamespace as Some; from grafito.studio import program; session = Some(network=Some(examples=Some(lines=())), settings=None)",
    ),
    Row(
        "program.program(session, 'keras')",
        "'keras'",
        "'grafito'",
        says="Program",
        sentence="a button of the page",
        before="from types import SimpleNamespace as Some; from grafito.studio import program; session = Some(network=Some(examples=Some(lines=('a',))), settings=Some(model='m'))",
    ),
    Row(
        "opening.for_model(net(shape=(5,)), Settings())",
        "(5,)",
        "(2,)",
        says="open a table with as many inputs first",
        before="from grafito.studio import opening; from grafito.studio.settings import Settings",
    ),
    Row(
        "raise server._dead()",
        new="start the studio anew",
        sentence="a command, not code",
        before="from grafito.studio import server",
    ),
    Row(
        "with patch('traceback.print_exc'):\n    worker.Worker._guarded(Some(_running=False, _refuse=told), 'step', lambda: 1 / 0)",
        new="the terminal in which the studio was started says more",
        sentence="a fault of grafito's",
        before="from types import SimpleNamespace as Some; from unittest.mock import patch; from grafito.studio import worker\ndef told(kind, error, tab):\n    raise error",
    ),
]
