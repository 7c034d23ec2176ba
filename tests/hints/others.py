"""Rows: files, callbacks, data files, figures and the laboratory."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

AGAIN = "the file must be fetched again"
FULL = (
    "from unittest.mock import patch; full = patch('os.write', side_effect=OSError(28, 'No space'))"
)
PLACE = "the folder is the user's"

SAVED = "import pathlib; model = net(); model.save('m.safetensors')"

# What `grafito search` does with its options before it trains.
TYPED_SETTINGS = """
from grafito.lab import searching
def tried(name, words):
    variant = words.split('--variant ')[1].split()[0] if '--variant' in words else None
    texts = [part.split()[0] for part in words.split('--set ')[1:]] or ['epochs=1,2']
    searching.prepare(lab.get(name, variant), lab.read_lists(','.join(texts)), 3)
"""

ROWS = [
    Row(
        "pathlib.Path('e.py').write_text(head + 'class Mine(lab.Experiment):\\n name, what = \"a\", \"b\"'); lab.get('e.py')",
        '"b"\'',
        '"b"\\n def conduct(self, record): ...\'',
        says="def conduct(self, record): ...",
        before="import pathlib; head = 'from grafito import lab\\n'",
    ),
    Row(
        "pathlib.Path('e.py').write_text(head); lab.get('e.py')",
        "(head)",
        '(head + \'class Mine(lab.Experiment):\\n name, what = "a", "b"\\n def conduct(self, record): ...\')',
        says="class Mine(lab.Experiment):",
        before="import pathlib; head = 'from grafito import lab\\n'",
    ),
    Row(
        "settings.read_settings('w=0,5')",
        "0,5",
        "0.5",
        before="from grafito.lab import settings",
    ),
    Row(
        "figures.feature_maps(m, images)",
        "m, images",
        "m, images[0]",
        says="images[0]",
        before="m = net(layers.Conv2D(2, 3), shape=(8, 8, 1)); images = images[..., None]",
    ),
    Row("callbacks.LearningRateScheduler(0.1)", "0.1", "lambda epoch, rate: rate * 0.9"),
    Row("callbacks.CSVLogger('a.csv', separator='--')", "separator='--'", 'separator=";"'),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.CSVLogger('no/such/a.csv')])",
        new="choose a folder that exists",
        sentence=PLACE,
    ),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.CSVLogger('a.csv', append=True)])",
        "append=True",
        "append=False",
        says="append=False to replace it",
        before="import pathlib; pathlib.Path('a.csv').write_bytes(bytes([255]))",
    ),
    Row(
        "with full: net().fit(x, y, verbose=0, callbacks=[callbacks.CSVLogger('a.csv')])",
        new="free some space",
        sentence=PLACE,
        before=FULL,
    ),
    Row(
        "with full: net().fit(x, y, verbose=0, callbacks=[keep])",
        new="free some space",
        sentence=PLACE,
        before=FULL + "; keep = callbacks.ModelCheckpoint('m.safetensors'); keep._saved = True",
    ),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.TerminateOnNaN])",
        "callbacks.TerminateOnNaN]",
        "callbacks.TerminateOnNaN()]",
        says="TerminateOnNaN()",
    ),
    Row("callbacks.EarlyStopping(monitor=3)", "monitor=3", 'monitor="val_loss"'),
    Row(
        "net(metrics=[m]).fit(x, y, verbose=0, callbacks=[callbacks.EarlyStopping('m')])",
        "callbacks.EarlyStopping('m')",
        "callbacks.EarlyStopping('m', mode=\"max\")",
        says='mode="max"',
        before="m = lambda t, p: graph.mean(p); m.__name__ = 'm'",
    ),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.EarlyStopping()])",
        "verbose=0",
        "validation_split=0.1",
    ),
    Row(
        "net().fit(x, y, validation_data=(x, y), verbose=0, callbacks=[callbacks.ModelCheckpoint('a.safetensors', save_best_only=True, save_freq=1)])",
        "save_freq=1",
        'save_freq="epoch"',
    ),
    Row(
        "callbacks.BackupAndRestore('b', save_freq='batch')",
        "save_freq='batch'",
        'save_freq="epoch"',
    ),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.BackupAndRestore('f/b')])",
        new="name a folder that you may write to",
        sentence=PLACE,
        before="import pathlib; pathlib.Path('f').write_text('')",
    ),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.BackupAndRestore('b')])",
        "BackupAndRestore('b')",
        'BackupAndRestore("b-2")',
        before="keep = callbacks.BackupAndRestore('b', delete_checkpoint=False); "
        "net().fit(x[:9], y[:9], verbose=0, callbacks=[keep])",
    ),
    Row(
        "callbacks.ModelCheckpoint('a.safetensors', save_freq='batch')",
        "save_freq='batch'",
        'save_freq="epoch"',
    ),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.ModelCheckpoint('{epoch:q}')])",
        "{epoch:q}",
        "model-{epoch:02d}-{loss:.3f}.safetensors",
        says="model-{epoch:02d}-",
    ),
    Row(
        "models.load_model('m.safetensors', custom_objects=[1])",
        "custom_objects=[1]",
        'custom_objects={"MyLayer": MyLayer}',
        before=SAVED + "; MyLayer = layers.Dense",
    ),
    Row(
        "model.save_weights('w.safetensors'); models.load_model('w.safetensors')",
        "models.load_model('w.safetensors')",
        "filepath = 'w.safetensors'; model.load_weights(filepath)",
        says="model.load_weights(filepath)",
        before=SAVED,
    ),
    Row(
        "model.save('m.safetensors', overwrite=False)",
        "overwrite=False",
        "overwrite=True",
        before=SAVED,
    ),
    Row(
        "pathlib.Path('folder').mkdir(); model.save('folder')",
        new="name a file in it",
        sentence=PLACE,
        before=SAVED,
    ),
    Row(
        "os.mkfifo('pipe'); model.save('pipe')",
        new="name a file that may be replaced",
        sentence=PLACE,
        before=SAVED + "; import os",
    ),
    Row(
        "with full: model.save('m.safetensors')",
        new="free some space",
        sentence=PLACE,
        before=SAVED + "; " + FULL,
    ),
    Row(
        "with patch('os.fsync', side_effect=[None, OSError(5, 'I/O')]):\n    model.save('m.safetensors')",
        new="write it to another disk as well",
        sentence=PLACE,
        before=SAVED + "; from unittest.mock import patch",
    ),
    Row(
        "pathlib.Path('other').mkdir(); models.load_model('other')",
        new="name a file in it",
        sentence=PLACE,
        before=SAVED,
    ),
    Row(
        "model.save('no/such/folder/m.safetensors')",
        new="choose a folder that exists",
        sentence=PLACE,
        before=SAVED,
    ),
    Row(
        "p = pathlib.Path('m.safetensors'); p.write_bytes(p.read_bytes()[:-9]); models.load_model(p)",
        new="use another copy of it",
        sentence=AGAIN,
        before=SAVED,
    ),
    Row(
        "p = pathlib.Path('m.safetensors'); b = bytearray(p.read_bytes()); b[-1] ^= 1; p.write_bytes(b); models.load_model(p)",
        new="use another copy of it",
        sentence=AGAIN,
        before=SAVED,
    ),
    Row(
        "p = pathlib.Path('m.h5'); p.write_bytes(b'\\x89HDF\\r\\n\\x1a\\n' + bytes(99)); models.load_model(p)",
        new="model.",
        sentence="the other program is the user's",
        before=SAVED,
    ),
    Row(
        "datasets.readers.read_csv('t.csv')",
        new="missing=True reads such cells as NaN",
        before="import pathlib; pathlib.Path('t.csv').write_text('1,2\\n3,\\n')",
        sentence="the row below carries it out",
    ),
    Row(
        "datasets.readers.read_csv('t.csv')",
        "'t.csv')",
        "'t.csv', missing=True)",
        says="missing=True",
        before="import pathlib; pathlib.Path('t.csv').write_text('1,2\\n3,\\n')",
    ),
    Row(
        "pathlib.Path('t.csv').write_bytes(b'1,\\x002'); datasets.readers.read_csv('t.csv')",
        new="save it as UTF-8",
        sentence="another program's",
        before="import pathlib",
    ),
    Row(
        "datasets.transforms.stratified_split(np.zeros(1), 0.5)",
        new="give more data or another fraction",
        sentence="the data are the user's",
    ),
    Row(
        "pathlib.Path('a.idx').write_bytes(b'\\0\\0\\x08\\x01\\0\\0\\0\\x09ab'); datasets.readers.read_idx('a.idx')",
        new="fetch or copy the file again",
        sentence=AGAIN,
        before="import pathlib",
    ),
    Row(
        "pathlib.Path('a.npz').write_bytes(b'PKab'); datasets.readers.read_npz('a.npz')",
        new="fetch or copy the file again",
        sentence=AGAIN,
        before="import pathlib",
    ),
    Row("lab.compare([])", new="grafito compare RUN RUN", sentence="a command"),
    Row(
        "lab.run_seeds(lab.get('xor', epochs=1), seeds=1, out='o', verbose=0)", "seeds=1", "seeds=5"
    ),
    *(
        Row(
            case,
            old,
            new,
            before=TYPED_SETTINGS,
            says=new.strip("'").removesuffix(" --set").removeprefix("a="),
        )
        for case, old, new in (
            ("tried('digits', '--set epochs=3')", "--set epochs=3", "--set epochs=3,6"),
            ("tried('digits', '--set epochs=1,2,1')", "--set epochs=1,2,1", "--set epochs=1,2"),
            (
                "tried('digits', f\"--set epochs={','.join(map(str, range(1, 301)))}\")",
                "f\"--set epochs={','.join(map(str, range(1, 301)))}\"",
                "'--set epochs=1,151,300'",
            ),
            ("tried('digits', '--set seed=1,2')", "--set seed=1,2", "--seeds 5"),
            ("tried('xor', '--set hidden=2,3')", "--set", "--set validation_split=0.2 --set"),
            (
                "tried('alexnet', '--set epochs=2,3')",
                "--set",
                "--set follow_test=false,validation_split=0.1 --set",
            ),
            ("lab.read_lists('a=0,01,1')", "a=0,01,1", "a=0.01,1"),
        )
    ),
    Row(
        "tried('gan', '--set epochs=2,3')",
        new="grafito search digits --set learning_rate=0.001,0.01",
        sentence="a command of another experiment",
        before=TYPED_SETTINGS,
    ),
    Row(
        "tried('imdb-dense', '--set l2=0.1,1.0')",
        new="grafito search imdb-dense --variant none",
        sentence="the beginning of a command",
        before=TYPED_SETTINGS,
    ),
    Row(
        "next(lab.building.check('no'))",
        new="grafito build start --folder no",
        sentence="a command",
        before="import grafito.lab.building",
    ),
]
