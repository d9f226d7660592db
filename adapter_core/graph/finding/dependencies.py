"""Which modules import which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..linking.names.modules import imported_modules

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


__all__ = ["importers", "module_deps"]
