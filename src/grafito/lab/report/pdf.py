"""A page as PDF, printed by a Chromium that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from grafito.errors import FileError, MissingDependencyError
from grafito.files.writing import replace_file

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "brave-browser",
)
PATIENCE = 120  # seconds


def write_pdf(page: str | os.PathLike[str]) -> Path:
    """Print a page of `write_report` or `compare`, with its print style.

    Args:
        page: an HTML file; the PDF is written beside it.

    Returns:
        The path of the PDF.

    Raises:
        MissingDependencyError: when no Chromium is on the PATH.
        FileError: when the browser cannot print the page.

    Example:
        >>> write_pdf("nowhere.html")
        Traceback (most recent call last):
        grafito.errors.FileError: There is no such page...
    """
    source = Path(page).resolve()
    if not source.is_file():
        raise FileError("There is no such page.", where=page, fix="grafito report RUN")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise MissingDependencyError(
            "A PDF is printed by a browser, and none was found.",
            expected=f"one of {', '.join(BROWSERS)} on the PATH",
            fix="install Chromium, or open the page in any browser and print it",
        )
    target = source.with_suffix(".pdf")
    printed = source.with_name(f"{source.stem}.partial.pdf")  # some browsers see no other folder
    printed.unlink(missing_ok=True)  # a link would lead the browser elsewhere
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={printed}",
            source.as_uri(),
        ]
        if getattr(os, "geteuid", lambda: 1)() == 0:  # Chromium's sandbox refuses to run as root
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            said = done.stderr.strip().rpartition("\n")[2]
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
    if not printed.is_file():
        raise FileError("The browser did not print the page.", where=browser, received=said)
    try:
        return replace_file(target, printed.read_bytes())
    finally:
        printed.unlink(missing_ok=True)
