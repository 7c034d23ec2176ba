"""Rows: data frames, and tables of one's own."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

FRAME = (
    "import pandas; x = pandas.DataFrame({'size': np.arange(60) / 60, 'rooms': np.arange(60) % 5,"
    "'city': pandas.Categorical(['Lima', 'Quito', 'Salta'] * 20)})"
)
TRAINED = FRAME + "; m = net(shape=(3,)); m.fit(x, y, verbose=0)"

ROWS = [
    Row(
        "net(shape=(4,)).fit(x, y, verbose=0)",
        "4,)).fit(x",
        "3,)).fit(x.loc[:, ~x.columns.duplicated()]",
        before=FRAME + "; x = pandas.concat([x, x[['city']]], axis=1)",
        says="x.loc[:, ~x.columns.duplicated()]",
    ),
    Row(
        "t = x['city'].astype(str); net(shape=(1,)).fit(t, y, verbose=0)",
        "(t,",
        '(t.astype("category"),',
        before=FRAME,
        says='.astype("category")',
    ),
    Row(
        "m.predict(x[['city', 'size', 'rooms']], verbose=0)",
        "[['city', 'size', 'rooms']]",
        "[['size', 'rooms', 'city']]",
        before=TRAINED,
    ),
    Row(
        "x = x.rename(columns={'rooms': 'roms'}); m.predict(x, verbose=0)",
        "m.predict(x,",
        "m.predict(x.rename(columns={'roms': 'rooms'}),",
        before=TRAINED,
        says="x.rename(columns={'roms': 'rooms'})",
    ),
    Row(
        "x = x.assign(city=x['city'].cat.set_categories(['Quito', 'Lima', 'Salta'])); m.predict(x, verbose=0)",
        "['Quito', 'Lima', 'Salta']",
        "['Lima', 'Quito', 'Salta']",
        before=TRAINED,
    ),
]

TABLE = (
    "import pathlib; rows = [f'{k % 7},{k % 3},{k % 2},{k}' for k in range(60)]\n"
    "def write(head='a,b,kind,n', rows=rows): pathlib.Path('t.csv').write_text(chr(10).join([head, *rows]))\n"
    "def read(target='kind', **given): return lab.own_experiment('t.csv', target, **given)\n"
    "write()"
)
SHELL = "the command line takes it"
SHEET = "the edit is in the spreadsheet"
KEPT = (
    "import json, pathlib; r = pathlib.Path('r'); r.mkdir(exist_ok=True); (r / 'configuration.json').write_text('{}')\n"
    "from grafito.datasets.columns import Column; from grafito.datasets.encoding import TableEncoder\n"
    "column = Column('kind_of', 'number', np.arange(9.0))\n"
    "told = {'kind': 'table', 'missing': [], 'categories': [], 'columns': TableEncoder.of([column]).config()}\n"
    "(r / 'fitted.json').write_text(json.dumps(told)); found = lab.Fitted(r)\n"
    "pathlib.Path('n.csv').write_text('a,kind_off\\n1,2\\n')"
)

ROWS += [
    Row("read('')", new="--target 'n'", sentence=SHELL, before=TABLE),
    Row(
        "write(rows=[*rows, 'x,1,1,1'])\nread()",
        new="--missing 'x', or --category 'a'",
        sentence=SHELL,
        before=TABLE,
    ),
    Row(
        "lab.own_experiment('t.xlsx', 'a')",
        new="save as CSV UTF-8",
        sentence=SHEET,
        before="import pathlib; pathlib.Path('t.xlsx').write_bytes(b'PK')",
    ),
    Row("write('1,2,3,4')\nread()", new="a first line with a name", sentence=SHEET, before=TABLE),
    Row("write('a,a,kind,n')\nread()", new="'a 2' for the second", sentence=SHEET, before=TABLE),
    Row(
        "write(rows=[*rows, '1,2,3,4,5'])\nread()",
        new="quotation marks around",
        sentence=SHEET,
        before=TABLE,
    ),
    Row(
        "read('n', drop=('a', 'b', 'kind'))",
        new="--keep 'a'",
        sentence=SHELL,
        before=TABLE,
    ),
    Row(
        "write('a,b,kind,n', [f'{r}e300' for r in rows])\nread('n')",
        new="another unit, as millions in place of units; or correct the cell",
        sentence="only who made the table knows it",
        before=TABLE,
    ),
    Row(
        "OwnData.hand_over(own, record, {'rows': 2})",
        new="grafito fit d.csv --target y",
        sentence=SHELL,
        before="from types import SimpleNamespace as Some; from grafito.lab.own_data.experiment import OwnData; own = Some(path='d.csv', begins=lambda: ['fit', 'd.csv', '--target', 'y']); record = Some(folder=Some(configuration={'data': [1]}, path='r'))",
    ),
    Row(
        "read('n', problem='classification')", new="--task regression", sentence=SHELL, before=TABLE
    ),
    Row(
        "write('a,b,kind,n', [f'{r}x' for r in rows])\nread('n', problem='regression')",
        new="--task classification",
        sentence=SHELL,
        before=TABLE,
    ),
    Row(
        "lab.own_experiment([[1, 2]])",
        new="pandas.DataFrame(data, columns=[...])",
        sentence="the names of the columns are the user's",
    ),
    Row(
        "lab.own_experiment('.', 'price')",
        new="grafito fit",
        sentence=SHELL,
    ),
    Row(
        "found.predict('n.csv')",
        new="the name 'kind_of' in place of 'kind_off'",
        sentence=SHEET,
        before=KEPT,
    ),
    Row(
        "found.predict_file('n.csv', pathlib.Path('n.csv'))",
        new="--out another.csv",
        sentence=SHELL,
        before=KEPT,
    ),
    Row(
        "lab.Fitted('r')",
        new="grafito fit data.csv --target NAME",
        sentence=SHELL,
        before=KEPT + "\n(r / 'fitted.json').unlink()",
    ),
    Row(
        "with patch.dict(sys.modules, {'sklearn': None, 'sklearn.linear_model': None}): rivals.linear(2, 0)",
        new="pip install scikit-learn",
        sentence=SHELL,
        before="import sys; from unittest.mock import patch; from grafito.lab.own_data import rivals",
    ),
    Row(
        "with patch.dict(sys.modules, {'PIL': None}): read_picture(pathlib.Path('a.png'), 8, True)",
        new="pip install pillow",
        sentence=SHELL,
        before="import sys, pathlib; from unittest.mock import patch; from grafito.lab.own_data.pictures import read_picture",
    ),
]
