"""The JAX engine: the graph compiled by XLA, for CPUs, GPUs and TPUs."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re

from grafito.engines import devices, interface
from grafito.engines.private_folder import private_folder
from grafito.errors import MissingDependencyError
from grafito.graph.program import Graph
from grafito.language import message

# Packages by which JAX finds an accelerator. Without one of them JAX is not even imported.
PLUGINS = re.compile(r"jax-(cuda\d+|rocm\d+|metal|tpu)-?(plugin|pjrt)?|libtpu(-nightly)?")


@functools.cache
def plugin_installed() -> bool:
    """Whether such a package is installed; to read what is installed takes milliseconds."""
    return any(PLUGINS.fullmatch(d.name.lower()) for d in importlib.metadata.distributions())


class Engine(interface.Engine):
    """XLA's code for the first device that JAX finds, another one, or several.

    Args:
        device: one of `jax.devices()`; by default those of `grafito.distribution`, else the first.
    """

    name = "jax"
    preference = 2

    def __init__(self, device: object = None):
        self.device = device
        self.distribution = None if device else devices.distribution()

    @classmethod
    def obstacle(cls) -> str:
        if importlib.util.find_spec("jax") is None:
            return message("The package jax is absent.")
        return ""

    @classmethod
    def worthwhile(cls) -> bool:
        """Whether there is an accelerator; on a CPU grafito's own engine is ahead of XLA."""
        if not plugin_installed():
            return False
        import jax

        return jax.default_backend() != "cpu"

    @classmethod
    def findings(cls) -> dict[str, str]:
        kinds: dict[str, int] = {}
        import jax

        for device in jax.local_devices():
            kinds[device.device_kind] = kinds.get(device.device_kind, 0) + 1
        return {
            "jax": importlib.metadata.version("jax"),
            "jaxlib": importlib.metadata.version("jaxlib"),
            message("devices"): ", ".join(f"{n} × {kind}" for kind, n in kinds.items()),
            message("compiled code"): str(private_folder("jax") or message("not kept")),
        }

    def compile(self, graph: Graph) -> interface.Program:
        if self.obstacle():
            raise MissingDependencyError(
                "The engine 'jax' needs the package jax.",
                where="engine='jax'",
                fix="pip install 'grafito[jax]'",
            )
        from grafito.engines.jax.program import Program

        return Program(graph, self.device, self.distribution)
