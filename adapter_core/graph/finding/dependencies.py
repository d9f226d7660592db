"""Which modules import which, and what an import names: for the other packages, too, which do not look into `linking`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..linking.names.modules import absolute_module, imported_modules, resolved_module

if TYPE_CHECKING:
    from ..linking.inference import Inference
    from ..snapshot.view import WorkspaceView


def importers(view: WorkspaceView, inference: Inference, module: str) -> list[str]:
    """Files that import a module, by its name or from it."""
    found = []
    for path in view.paths_using(module.rpartition(".")[2]):
        facts = view.facts(path)
        imports = facts.imports if facts else ()
        if facts and any(name == module for item in imports for name, _ in imported_modules(inference, facts, item)):
            found.append(path)
    return found


def module_deps(view: WorkspaceView, inference: Inference, module: str | None) -> list[tuple[str, str, bool]]:
    """(importing module, imported module, whether it is in the workspace), of one module or of all, each pair once."""
    found: set[tuple[str, str, bool]] = set()
    for path in view.python_paths():
        own = view.module_of(path)
        facts = view.facts(path) if module in (None, own) else None
        if facts is not None:
            for item in facts.imports:
                found.update((own, name, inside) for name, inside in imported_modules(inference, facts, item))
    return sorted(found)


def import_places(view: WorkspaceView, inference: Inference, module: str) -> dict[str, tuple[str, int]]:
    """By dotted name of what a module imports (modules, and names from them), path and line of the first import of it."""
    found: dict[str, tuple[str, int]] = {}
    for facts in view.facts_of_module(module):
        for item in facts.imports:
            name = resolved_module(inference, facts, item)
            for dotted in (name, f"{name}.{item.name}") if item.name else (name,):
                found.setdefault(dotted, (facts.path, item.line))
    return found


__all__ = ["absolute_module", "import_places", "imported_modules", "importers", "module_deps"]
