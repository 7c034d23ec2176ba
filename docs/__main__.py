"""Write the pages and the reference of all public names as HTML: `python -m docs [FOLDER]`.

The reference is made from the docstrings. A warning is an error, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["*.md", "docs/**/*.md", "benchmarks/results/**/README.md"]
MODULES = [  # in the order in which a reader meets them
    "grafito",
    "grafito.models",
    "grafito.layers",
    "grafito.losses",
    "grafito.metrics",
    "grafito.optimizers",
    "grafito.optimizers.schedules",
    "grafito.callbacks",
    "grafito.activations",
    "grafito.initializers",
    "grafito.regularizers",
    "grafito.constraints",
    "grafito.graph",
    "grafito.graph.random",
    "grafito.ops",
    "grafito.random",
    "grafito.figures",
    "grafito.insight",
    "grafito.datasets",
    "grafito.datasets.generators",
    "grafito.datasets.readers",
    "grafito.datasets.transforms",
    "grafito.lab",
    "grafito.engines",
    "grafito.errors",
    "grafito.utils",
    "grafito.preprocessing.image",
    "grafito.preprocessing.sequence",
    "grafito.saving",
    "grafito.config",
    "grafito.mixed_precision",
    "grafito.distribution",
    "grafito.backend",
]
GUIDE = [  # in the order in which a reader meets them
    "first-network",
    "studio",
    "graph-by-hand",
    "own-parts",
    "functions-of-tensors",
    "callbacks-and-saving",
    "own-data",
    "scikit-learn",
    "notebooks",
    "build-it-yourself",
    "why-it-does-not-learn",
    "questions",
]
INDEX = """# grafito

```{{toctree}}
:maxdepth: 1
:caption: Start

English <README>
Español <README.es>
```

```{{toctree}}
:maxdepth: 1
:caption: Guide

{guide}
```

```{{toctree}}
:maxdepth: 1
:caption: Guía

{guide_es}
```

```{{toctree}}
:maxdepth: 1
:caption: Reference

{reference}
```

```{{toctree}}
:maxdepth: 1
:caption: More

{more}
```
"""


def public_things(module: str) -> dict[str, Any]:
    """The public functions and classes of a module, those that it gathers from its files too."""
    here = importlib.import_module(module)
    names = getattr(here, "__all__", None)
    found = {
        name: thing
        for name, thing in vars(here).items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and not name.startswith("_")
    }
    if names is None:  # a file: what it defines itself
        return {name: thing for name, thing in found.items() if thing.__module__ == module}
    return {name: found[name] for name in names if name in found}


def references() -> dict[str, str]:
    """The page of each module: what it is, and each public name with its docstring.

    What stands under several names is indexed under the last module that has it, its home.
    """
    homes = {thing: module for module in MODULES for thing in public_things(module).values()}
    pages = {}
    for module in MODULES:
        lines = [module, "=" * len(module), "", f".. automodule:: {module}", ""]
        for name, thing in public_things(module).items():
            kind = "autoclass" if inspect.isclass(thing) else "autofunction"
            lines.append(f".. {kind}:: {module}.{name}")
            if homes[thing] != module or thing.__name__ != name:
                lines.append("   :no-index:")
            lines.append("")
        pages[module] = "\n".join(lines)
    return pages


def write_sources(folder: Path) -> None:
    """All pages, in the same places as in the project, and those of the reference."""
    pages = [path for pattern in PAGES for path in ROOT.glob(pattern)]
    for path in pages:
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for kept in ("images", "notebooks"):
        shutil.copytree(ROOT / "docs" / kept, folder / "docs" / kept)
    (folder / "tests").mkdir()
    for linked in ("LICENSE", "tests/test_architecture.py"):
        shutil.copy(ROOT / linked, folder / linked)
    (folder / "reference").mkdir()
    for module, text in references().items():
        (folder / "reference" / f"{module}.rst").write_text(text, encoding="utf-8")
    names = sorted(str(path.relative_to(ROOT).with_suffix("")) for path in pages)
    groups = {
        "guide": [f"docs/guide/{name}" for name in GUIDE],
        "guide_es": [f"docs/guide/es/{name}" for name in GUIDE],
        "reference": [f"reference/{module}" for module in MODULES],
        "more": [name for name in names if not name.startswith(("README", "docs/guide/"))],
    }
    text = INDEX.format(**{name: "\n".join(group) for name, group in groups.items()})
    (folder / "index.md").write_text(text, encoding="utf-8")


def main() -> int:
    """Write the website; 1 where there was a warning."""
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/docs"))
    folder = parser.parse_args().folder.resolve()
    from sphinx.application import Sphinx  # the tests of links do without

    with tempfile.TemporaryDirectory() as sources:
        write_sources(Path(sources))
        application = Sphinx(
            sources,
            str(ROOT / "docs"),
            str(folder),
            str(Path(sources) / ".doctrees"),
            "html",
            warningiserror=True,
            status=None,
        )
        application.build()
    if application.statuscode == 0:
        print(f"{folder / 'index.html'}")
    return application.statuscode


if __name__ == "__main__":
    sys.exit(main())
