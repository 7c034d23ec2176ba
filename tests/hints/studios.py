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
]
