"""Tests on 64-bit Arm, emulated: `python .ci/arm.py [ARGUMENTS OF PYTEST]`.

Without arguments the engine's tests run, on all processors. `qemu-user-static` emulates the
processor, ten to fifteen times slower than a machine; Python 3.11, its libraries and the wheels of
grafito's dependencies are those of 64-bit Arm, unpacked once into the user's cache. It needs
Debian's `apt-get` and `dpkg-deb` and the network the first time; nothing else of the machine
changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

FOLDER = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "grafito-arm"
SOURCE = "deb [signed-by={}] http://deb.debian.org/debian bookworm main\n"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = ["libbz2-1.0", "libc6", "libcrypt1", "libexpat1", "libffi8", "libgcc-s1", "liblzma5"]
PACKAGES += ["libpython3.11-minimal", "libpython3.11-stdlib", "libsqlite3-0", "libssl3"]
PACKAGES += ["libstdc++6", "libuuid1", "python3.11-minimal", "zlib1g"]
TESTED_WITH = ["babel", "hypothesis", "pytest", "pytest-xdist"]
ENGINE_TESTS = ["whole_trainings", "guard", "empty", "kinds", "positions", "process_pool"]
ENGINE_TESTS += ["random_graphs", "math_functions", "tables", "llvm", "winograd", "compilation"]
ENGINE_TESTS += ["memory"]


def unpack_system() -> None:
    """Python and the libraries that it needs, in a root of their own."""
    if not shutil.which("qemu-aarch64-static"):
        subprocess.run(["apt-get", "-qq", "update"], check=True)
        subprocess.run(["apt-get", "-qq", "install", "-y", "qemu-user-static"], check=True)
    apt = FOLDER / "apt"
    (apt / "archives" / "partial").mkdir(parents=True)
    (apt / "lists").mkdir()
    (apt / "sources").write_text(SOURCE.format(KEYS), encoding="utf-8")
    settings = {"Dir::Etc::sourcelist": apt / "sources", "Dir::Etc::sourceparts": "/dev/null"}
    settings |= {"Dir::State::lists": apt / "lists", "Dir::State::status": "/dev/null"}
    settings |= {"Dir::Cache": apt, "APT::Sandbox::User": "root"}
    settings |= {"APT::Architecture": "arm64", "APT::Architectures": "arm64"}
    command = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in settings.items())]
    subprocess.run([*command, "update"], check=True)
    subprocess.run([*command, "download", *PACKAGES], cwd=apt / "archives", check=True)
    for package in (apt / "archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, FOLDER / "root"], check=True)
    shutil.rmtree(apt)


def unpack_wheels() -> None:
    """The dependencies of grafito and of its tests, without the other libraries to compare with."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", "3.11"]
    for platform in ("manylinux_2_28", "manylinux_2_27", "manylinux2014"):
        command += ["--platform", f"{platform}_aarch64"]
    for abi in ("cp311", "abi3", "none"):
        command += ["--abi", abi]
    wheels = FOLDER / "wheels"
    subprocess.run([*command, "-d", wheels, *project["dependencies"], *TESTED_WITH], check=True)
    for wheel in wheels.iterdir():
        zipfile.ZipFile(wheel).extractall(FOLDER / "site")
    shutil.rmtree(wheels)


def prepare() -> Path:
    """The command that starts Python for Arm, made once."""
    command = FOLDER / "python"
    if command.exists():
        return command
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    unpack_system()
    unpack_wheels()
    # A program for Arm cannot be started by itself: what the tests start goes through this command.
    start = f"import sys\nsys.executable = {str(command)!r}\n"
    (FOLDER / "site" / "sitecustomize.py").write_text(start, encoding="utf-8")
    root, qemu = FOLDER / "root", shutil.which("qemu-aarch64-static")
    lines = ["#!/bin/sh", f"export PYTHONHOME={root}/usr"]
    lines += [f'export PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}{FOLDER}/site"']
    lines += [f'exec {qemu} -L {root} {root}/usr/bin/python3.11 "$@"', ""]
    command.write_text("\n".join(lines), encoding="utf-8")
    command.chmod(0o755)
    return command


def main() -> int:
    """Run pytest there; its exit status."""
    tests = [f"tests/engines/test_{name}.py" for name in ENGINE_TESTS]
    tests += ["-n", str(os.cpu_count())]
    environment = os.environ | {"PYTHONPATH": str(Path("src").absolute())}
    environment |= {"GRAFITO_CACHE": str(FOLDER / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    pytest = [str(prepare()), "-m", "pytest", "-p", "no:cacheprovider", "-m", "not keras"]
    return subprocess.run([*pytest, *(sys.argv[1:] or tests)], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
