"""Rows: data files, data sets, saved models, runs of experiments."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

AGAIN = "the file must be fetched again"
COMMAND = "a command of the shell"
GZIP = "import gzip, pathlib; p = pathlib.Path('a.gz'); packed = gzip.compress(b'\\0\\0\\x08\\x01\\0\\0\\1\\0' + bytes(range(256)))"
TAR = (
    "import io, tarfile, pathlib; p = pathlib.Path('a.tar')\n"
    "with tarfile.open(p, 'w') as t:\n"
    "    info = tarfile.TarInfo('c/test_batch'); info.size = 9999; t.addfile(info, io.BytesIO(bytes(9999)))"
)
PATCH = "from unittest.mock import patch; import os, pathlib"
RUNS = (
    "import pathlib; from grafito import engines, lab; from grafito.lab.folder import RunFolder;"
    "from grafito.lab.record import Record"
)

DESCRIBED = (
    RUNS + "; from grafito.lab.runner import describe;"
    "told = describe(lab.get('xor', epochs=2), engines.get('auto').name)"
)
STOPPED = DESCRIBED + "; RunFolder(pathlib.Path('OUT'), told, name='r').end('interrupted')"

OWN_LAYER = (
    "class Linear(layers.Layer):\n    def call(self, inputs): return inputs * 2.0\n"
    "net(layers.Dense(1), Linear()).save('m.safetensors')"
)
OWN_LOSS = (
    "def squared(y_true, y_pred): return graph.mean((y_true - y_pred) ** 2)\n"
    "net(loss=squared).save('m.safetensors')"
)

EDITED = (
    "from grafito.files import read_arrays, write_arrays; net().save('m.safetensors');"
    "a, c = read_arrays('m.safetensors'); "
)

ROWS = [
    Row(
        "models.load_model('m.safetensors')",
        new="a copy of the file, if there is one; else make it anew",
        sentence="only who made it has one",
        before=EDITED + "c['weights'] = 3; write_arrays('m.safetensors', a, c)",
    ),
    Row(
        "models.load_model('m.safetensors')",
        new="a copy of the file, if there is one; else make it anew",
        sentence="only who made it has one",
        before=EDITED
        + "next(e for e in c['model']['config']['layers'] if 'units' in e['config'])['config']['units'] = -1; write_arrays('m.safetensors', a, c)",
    ),
    Row(
        "models.load_model('m.safetensors')",
        "'m.safetensors'",
        "'m.safetensors', custom_objects={\"Linear\": Linear}",
        before=OWN_LAYER,
        says='custom_objects={"Linear": Linear} if it is your own, or',
    ),
    Row(
        "models.load_model('m.safetensors')",
        "'m.safetensors'",
        "'m.safetensors', custom_objects={\"squared\": squared}",
        before=OWN_LOSS,
        says='custom_objects={"squared": squared}',
    ),
    Row(
        "net().save('m.keras')",
        ".keras",
        ".safetensors",
        before="from grafito.files import foreign; foreign._said.clear()",
    ),
    Row(
        "p.write_bytes(packed[:-9]); datasets.readers.read_idx(p)",
        new="fetch or copy the file again",
        sentence=AGAIN,
        before=GZIP,
    ),
    Row(
        "p.write_bytes(packed[:-8] + b'x' * 8); datasets.readers.read_idx(p)",
        new="fetch or copy the file again",
        sentence=AGAIN,
        before=GZIP,
    ),
    Row(
        "p.write_bytes(gzip.compress(b'0,0\\n' * (1 << 25))); datasets.readers.read_csv(p)",
        new="unpack it yourself",
        sentence="done by another program",
        before=GZIP,
    ),
    Row(
        "p.write_bytes(p.read_bytes()[:2000]); datasets.readers.read_cifar10(p)",
        new="fetch or copy the file again",
        sentence=AGAIN,
        before=TAR,
    ),
    Row(
        "p.write_bytes(p.read_bytes().replace(b'c/test_batch', b'c/other_name')); datasets.readers.read_cifar10(p)",
        new="fetch the archive again",
        sentence=AGAIN,
        before="import io, tarfile, pathlib; p = pathlib.Path('a.tar')\ntarfile.open(p, 'w').close()",
    ),
    Row(
        "datasets.readers.pickled.read_pickle(b'x', 'data')",
        new="fetch the archive again",
        sentence=AGAIN,
    ),
    Row(
        "datasets.readers.read_csv('t.csv')",
        "'t.csv')",
        "'t.csv', decimal=\",\")",
        says='decimal=","',
        before="import pathlib; pathlib.Path('t.csv').write_text('1,234;2,345\\n')",
    ),
    Row(
        "with patch.dict(os.environ, GRAFITO_DATA='no/such'):\n    datasets.store.data_folders()",
        "'no/such'",
        "''",
        says="remove it to use downloads",
        before=PATCH,
    ),
    Row(
        "with patch.dict(os.environ, GRAFITO_DATA='', GRAFITO_CACHE='a'):\n    datasets.pima.load_data()",
        new="set GRAFITO_CACHE to a folder of your own",
        sentence="a variable of the shell; the data would be fetched",
        before=PATCH + "; pathlib.Path('a').write_text('')",
    ),
    Row(
        "with patch.dict(os.environ, GRAFITO_CACHE='cache'):\n    datasets.store._download(pima, file)",
        new="go online",
        sentence="the network is another machine's",
        before=PATCH
        + "; import dataclasses; from grafito.datasets.catalogue import card; pima = card('pima')"
        + "; file = dataclasses.replace(pima.files[0], urls=('http://127.0.0.1:9/a',))",
    ),
    Row(
        "layer = Odd(1); net(layer).save('m.safetensors')",
        "[np.inf]",
        "[]",
        before="class Odd(layers.Dense):\n    def get_config(self):\n        return {**super().get_config(), 'name': object()}",
        says="return such values from get_config",
        sentence="the edit is inside a class of the user's",
    ),
    Row(
        "models.load_model('m.safetensors')",
        new="pip install --upgrade grafito",
        before="from safetensors.numpy import save_file; from grafito.files.arrays import FORMAT; save_file({}, 'm.safetensors', {'format': FORMAT, 'version': '99'})",
        sentence=COMMAND,
    ),
    Row(
        "m = Sequential([layers.Dense(1)]); m.load_weights('w.safetensors')",
        "m.load",
        "m.build((None, 4)); m.load",
        says="model.build((None, ...))",
        before="net().save_weights('w.safetensors')",
    ),
    Row(
        "models.model_from_json('[')",
        "'['",
        "model.to_json()",
        before="model = net()",
    ),
    Row(
        "lab.get('xor', epochs='a')",
        "epochs='a'",
        "epochs=",
        says="epochs=",
        sentence="the number is the user's",
    ),
    Row(
        "lab.explain(lab.get('xor', variant='architectures'))",
        new="grafito explain",
        sentence=COMMAND,
    ),
    Row("lab.folder.plain_name('a/b')", "'a/b'", "'a-b'"),
    Row(
        "RunFolder(pathlib.Path('file'), {})",
        "'file'",
        "'other'",
        says="another folder with --out, or out=",
        before=RUNS + "; pathlib.Path('file').write_text('')",
    ),
    Row(
        "record.table('a', ['x'], [[1]], 'One'); record.table('a', ['x'], [[2]], 'Two')",
        "record.table('a', ['x'], [[2]]",
        "record.table('b', ['x'], [[2]]",
        says="another name",
        before=RUNS + "; record = Record(RunFolder(pathlib.Path('o'), {}), engines.get('auto'))",
    ),
    Row(
        "lab.report.pdf.write_pdf('nowhere.html')",
        new="grafito report RUN",
        sentence=COMMAND,
        before="import grafito.lab.report.pdf",
    ),
    Row(
        "with patch('shutil.which', lambda name: None):\n    grafito.lab.report.pdf.write_pdf('a.html')",
        new="install Chromium",
        sentence="another program",
        before=PATCH + "; import grafito.lab.report.pdf; pathlib.Path('a.html').write_text('')",
    ),
    Row(
        "read_run('o')",
        "'o'",
        "'o/r'",
        says="o/r",
        before=RUNS
        + "; from grafito.lab.report.recorded_run import read_run; RunFolder(pathlib.Path('o'), {}, name='r').end('complete')",
    ),
    Row(
        "lab.resume('done/r', verbose=0)",
        new="grafito report done/r",
        sentence=COMMAND,
        before=STOPPED.replace("interrupted", "complete").replace("OUT", "done"),
    ),
    Row(
        "lab.resume('other/r', 'digits', verbose=0)",
        "'digits'",
        "'xor'",
        says="grafito run xor --resume other/r",
        before=STOPPED.replace("OUT", "other"),
    ),
    Row(
        "lab.resume('longer/r', epochs=9, verbose=0)",
        ", epochs=9",
        says="grafito run xor --resume longer/r",
        before=STOPPED.replace("OUT", "longer"),
    ),
    Row(
        "lab.resume('older/r', verbose=0)",
        new="grafito run xor --variant plain --epochs 2",
        sentence=COMMAND,
        before=DESCRIBED + "; RunFolder(pathlib.Path('older'), "
        "{**told, 'versions': {'grafito': '0.0'}}, name='r').end('interrupted')",
    ),
    Row(
        "with alone_in(pathlib.Path('busy')), alone_in(pathlib.Path('busy')): pass",
        new="wait until it has ended",
        sentence="another process",
        before="import pathlib; from grafito.lab.folder import alone_in; "
        "pathlib.Path('busy').mkdir(exist_ok=True)",
    ),
    Row(
        "lab.resume('foreign/r', verbose=0)",
        new="FILE.py:CLASS",
        sentence="a file of the user's",
        before=DESCRIBED + "; RunFolder(pathlib.Path('foreign'), "
        "{**told, 'experiment': 'mine'}, name='r').end('interrupted')",
    ),
    Row(
        "own_kind('mine.py')",
        new="class Mine(lab.Experiment):",
        sentence="a file of the user's",
        before="import pathlib; from grafito.lab.own import own_kind; pathlib.Path('mine.py').write_text('x = 1')",
    ),
    Row(
        "own_kind('mine.py')",
        new="def conduct(self, record): ...",
        sentence="a file of the user's",
        before="import pathlib; from grafito.lab.own import own_kind; pathlib.Path('mine.py').write_text('from grafito import lab\\nclass Mine(lab.Experiment):\\n    pass')",
    ),
    Row("lab.read_settings('rate=0,5')", "0,5", "0.5"),
    Row("lab.read_settings('w=1 x=2')", "w=1 x=2", "w=1,x=2"),
    Row(
        "own_kind('mine.py')",
        new="@dataclass(frozen=True, kw_only=True)",
        sentence="a file of the user's",
        before="import pathlib; from grafito.lab.own import own_kind; pathlib.Path('mine.py').write_text('from dataclasses import dataclass\\nfrom grafito import lab\\n@dataclass\\nclass Mine(lab.Experiment):\\n    pass')",
    ),
]
