"""Rows: several devices, several processes."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

COMMAND = "a command of the shell"
DEVICES = "from unittest.mock import patch; from grafito.distribution import DataParallel, list_devices, set_distribution; from grafito.engines import devices"
PROCESSES = "from unittest.mock import patch; import contextlib; from grafito.engines import meeting, processes"

ROWS = [
    Row(
        "with patch.object(engines, 'distribution', DataParallel):\n    engines.get('llvm')",
        "'llvm'",
        "engine='jax'",
        before=DEVICES + "; from grafito import engines",
    ),
    Row(
        "DataParallel(device_mesh=3)",
        "DataParallel(device_mesh=3)",
        "DataParallel(devices=list_devices())",
        before=DEVICES,
    ),
    Row(
        "with patch.object(devices, 'list_devices', lambda: ['cpu:0']):\n    DataParallel(devices=['cpu:0', 'cpu:1'])",
        new="JAX_NUM_CPU_DEVICES=2 in the environment",
        sentence="it is read before the program begins; tests/distribution sets it",
        before=DEVICES,
    ),
    Row(
        "with patch('jax.process_count', lambda: 2):\n    DataParallel(devices=list_devices()).mesh()",
        new="DataParallel() for all devices of all processes",
        sentence="the devices are of another process",
        before=DEVICES,
    ),
    Row(
        "with patch('importlib.util.find_spec', lambda name: None):\n    DataParallel()",
        new="pip install 'grafito[jax]'",
        sentence=COMMAND,
        before=DEVICES,
    ),
    Row(
        "try:\n    set_distribution('cpu:0')\nfinally:\n    set_distribution(None)",
        "set_distribution('cpu:0')",
        "set_distribution(DataParallel())",
        before=DEVICES,
    ),
    Row(
        "devices.take_devices(99)",
        new="JAX_NUM_CPU_DEVICES=99 in the environment",
        sentence="it is read before the program begins; tests/distribution sets it",
        before=DEVICES,
    ),
    Row(
        "with patch.object(processes, 'meet'), patch('jax.distributed.initialize', late):\n    processes.initialize('localhost:1', 2, 0)",
        new="initialize() once, before anything else computes",
        sentence="the program is the user's; tests/distribution joins processes",
        before=PROCESSES
        + "\ndef late(*_, **__):\n    raise RuntimeError('must be called before any JAX calls')",
    ),
    Row(
        "with patch('socket.create_server', opened):\n    meeting._await('localhost:1', 1, 0.1)",
        "localhost:1",
        "localhost:2",
        says="another port",
        before=PROCESSES
        + "\ndef opened(address, **_):\n    if address[1] == 1:\n        raise OSError('in use')\n    return contextlib.nullcontext()",
    ),
    Row(
        "with patch('socket.create_connection', unheard):\n    meeting._come('localhost:1', 2, 1, -1.0)",
        new="process 0 first, and an address of it",
        sentence="another process",
        before=PROCESSES + "\ndef unheard(*_, **__):\n    raise OSError('refused')",
    ),
    Row(
        "with patch('socket.create_connection'), patch.object(meeting, '_received', lambda own: 'other'):\n    meeting._come('localhost:1', 2, 1, -1.0)",
        new="another port, where the number is right",
        sentence="another process",
        before=PROCESSES,
    ),
    Row(
        "with patch.dict('os.environ', GRAFITO_THREADS='0'):\n    resources.thread_count()",
        "GRAFITO_THREADS='0'",
        "GRAFITO_THREADS='1'",
        says="GRAFITO_THREADS=1",
        before="from unittest.mock import patch; from grafito.engines import resources",
    ),
    Row(
        "with patch.multiple(processes, _count=2, gather=lambda text: ['{\"data\": 1}', text]):\n    processes.compare({'data': 2})",
        "{'data': 2}",
        "{'data': 1}",
        says="the same program, data and versions in all processes",
        before=PROCESSES,
    ),
    Row(
        "with patch.object(processes, '_count', 2), processes.together():\n    raise JaxRuntimeError('UNAVAILABLE: gone')",
        new="`grafito launch`, which says which one it was, and can begin again",
        sentence=COMMAND,
        before=PROCESSES + "; from jax.errors import JaxRuntimeError",
    ),
    Row(
        "lab.launch(['explain', 'xor'])",
        new="grafito launch -n 2 run lenet --quick",
        sentence=COMMAND,
    ),
    Row(
        "raise launching._told(launching.Failure(1, 'A process ended with an error.', 'code 1'), 2, 'runs/xor')",
        new="grafito launch -n 2 --restarts 1 run ... --resume runs/xor",
        sentence=COMMAND,
        before="from grafito.lab import launching",
    ),
    Row(
        "with patch.multiple(processes, process_count=lambda: 2, numbers=lambda size: [size, 2]):\n    list(epochs._together(iter([part[:1]])))",
        "numbers=lambda size: [size, 2]",
        "numbers=lambda size: [size, size]",
        says="parts of the same size for all processes",
        before=PROCESSES
        + "; from grafito.models.epochs import Epochs; epochs = object.__new__(Epochs); epochs._told_of_sizes = False; part = x",
    ),
]
