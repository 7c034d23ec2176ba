"""Extract the texts, bring each language up to date, compile: `python -m translations`.

What has no translation yet is named, and the exit code is 1.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src" / "grafito"
TEMPLATE = HERE / "grafito.pot"
CATALOGUES = sorted(SOURCE.glob("locale/*/LC_MESSAGES/grafito.po"))


def extracted() -> Catalog:
    """All texts of the sources, with the files they stand in."""
    catalogue = Catalog(project="grafito", header_comment="# Texts of grafito.", fuzzy=False)
    with (HERE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(SOURCE, methods, options, keywords={"_": None})
    for name, _, text, _, context in sorted(found, key=lambda row: row[:2]):
        catalogue.add(text, locations=[(Path(name).as_posix(), None)], context=context)
    return catalogue


def read(path: Path) -> Catalog:
    """A catalogue, or the template."""
    with path.open("rb") as file:
        return read_po(file)


def updated(path: Path) -> Catalog:
    """The same with the texts that the sources have now."""
    catalogue = read(path)
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def as_po(catalogue: Catalog) -> bytes:
    """The content of a .po or .pot file, without dates: the same texts give the same file."""
    file = io.BytesIO()
    write_po(file, catalogue, width=100, sort_output=True, include_lineno=False)
    return re.sub(
        rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By): .*\n', b"", file.getvalue()
    )


def as_mo(catalogue: Catalog) -> bytes:
    """The content of the .mo file that gettext reads."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> int:
    """Write the template and the catalogues; 1 where a translation is missing."""
    TEMPLATE.write_bytes(as_po(extracted()))
    missing = 0
    for path in CATALOGUES:
        catalogue = updated(path)
        path.write_bytes(as_po(catalogue))
        path.with_suffix(".mo").write_bytes(as_mo(read(path)))
        without = [message.id for message in catalogue if message.id and not message.string]
        print(f"{path}: {len(catalogue)} texts, {len(without)} without translation")
        print(*(f"  {text}" for text in without), sep="\n")
        missing += len(without)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
