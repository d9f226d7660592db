"""The part of the index that linking uses."""

from __future__ import annotations

from typing import Protocol

from ....types import ModuleFacts


class Workspace(Protocol):
    """The facts and texts of the files at one moment; implemented by `graph.snapshot.view`."""

    def facts(self, path: str) -> ModuleFacts | None: ...

    def facts_of_module(self, module: str) -> list[ModuleFacts]: ...

    def has_package(self, module: str) -> bool: ...

    def text(self, path: str) -> str: ...

    def paths_using(self, name: str, use: str = "named") -> list[str]: ...

    def python_paths(self) -> list[str]: ...
