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
