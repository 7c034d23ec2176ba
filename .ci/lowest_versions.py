"""The run-time dependencies of pyproject.toml at the lowest versions that it admits."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
for dependency in project["dependencies"]:
    name, least = dependency.split(">=")
    print(f"{name}=={least}")
