"""The invariants of docs/ARCHITECTURE.md that can be read off the imports."""

from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(p for name in ("adapter_core", "lsp_server") for p in (ROOT / name).rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    """Absolute names of everything a module imports, also inside functions."""
    return imports_in(ast.parse(file.read_text("utf-8")), file)


def imported_at_run_time(file: Path) -> set[str]:
    """The same without what stands there for types."""
    tree = ast.parse(file.read_text("utf-8"))
    for_types = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return imports_in(ast.Module([n for n in tree.body if n not in for_types], []), file)


def imports_in(tree: ast.Module, file: Path) -> set[str]:
    package = list(file.relative_to(ROOT).with_suffix("").parts[:-1])
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])
            module = base if node.level else node.module or ""
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def modules_in(prefix: str) -> list[Path]:
    return [m for m in MODULES if str(m.relative_to(ROOT)).replace("\\", "/").startswith(prefix)]


def offenders(files: list[Path], *forbidden: str) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in imports_of(file)
        if any(name == f or name.startswith(f + ".") for f in forbidden)
    ]


def test_only_the_server_knows_lsp() -> None:
    assert not offenders(modules_in("adapter_core/"), "pygls", "lsprotocol", "lsp_server")


def test_graph_and_evidence_and_server_know_no_torch() -> None:
    for prefix in ("adapter_core/graph/", "adapter_core/evidence/", "adapter_core/cli/", "lsp_server/"):
        assert not offenders(modules_in(prefix), "torch", "transformers")


def test_graph_imports_no_other_package_of_ours() -> None:
    allowed = {"graph", "errors", "types", "paths", "isolation", "whole_files", "lazy", "streams", "__version__"}
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in modules_in("adapter_core/graph/")
        for name in imports_of(file)
        if name.startswith("adapter_core.") and name.split(".")[1] not in allowed
    ]
    assert not wrong
    assert not offenders(modules_in("adapter_core/graph/"), "lsp_server")


# Each uses only what stands before it. `__init__` is what the package says of itself.
GRAPH_ORDER = """
    __init__ source irregular terms parsing discovery memory outline storage cache indexing workspace snapshot linking finding calls testing
    exporting processes
""".split()


def test_the_folders_of_graph_use_each_other_one_way() -> None:
    wrong = []
    for file in modules_in("adapter_core/graph/"):
        here = file.relative_to(ROOT / "adapter_core" / "graph").with_suffix("").parts[0]
        used = {n.split(".")[2] for n in imports_of(file) if n.startswith("adapter_core.graph.")}
        assert here in GRAPH_ORDER
        wrong += [f"{file.relative_to(ROOT)} uses {n}" for n in used if n in GRAPH_ORDER[GRAPH_ORDER.index(here) + 1 :]]
    assert not wrong


# The same within `linking`. What is needed the other way is asked of the `Inference` at hand, whose type alone is imported.
LINKING_ORDER = (
    "__init__ local results names classes aliases containers flow library calls implicit expressions inference".split()
)


def test_the_folders_of_linking_use_each_other_one_way() -> None:
    wrong = []
    for file in modules_in("adapter_core/graph/linking/"):
        here = file.relative_to(ROOT / "adapter_core" / "graph" / "linking").with_suffix("").parts[0]
        used = {n.split(".")[3] for n in imported_at_run_time(file) if n.startswith("adapter_core.graph.linking.")}
        assert here in LINKING_ORDER
        wrong += [
            f"{file.relative_to(ROOT)} uses {n}" for n in used if n in LINKING_ORDER[LINKING_ORDER.index(here) + 1 :]
        ]
    assert not wrong


def test_no_two_modules_of_graph_import_each_other_in_a_circle() -> None:
    names = {".".join(m.relative_to(ROOT).with_suffix("").parts): m for m in modules_in("adapter_core/graph/")}
    TopologicalSorter({name: imported_at_run_time(m) & names.keys() for name, m in names.items()}).prepare()


def test_each_module_of_graph_can_be_imported_first() -> None:
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in modules_in("adapter_core/graph/")]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for known in [m for m in sys.modules if m.startswith('adapter_core')]:\n"
        "        del sys.modules[known]\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr


def test_only_the_graph_looks_into_its_linking() -> None:
    door = ROOT / "adapter_core" / "code_graph.py"
    outside = [m for m in MODULES if m != door and m not in modules_in("adapter_core/graph/")]
    assert not offenders(outside, "adapter_core.graph.linking")


def test_evidence_is_below_models_and_answers() -> None:
    assert not offenders(
        modules_in("adapter_core/evidence/"), "adapter_core.models", "adapter_core.answers", "adapter_core.cli"
    )


def test_models_know_nothing_of_the_graph() -> None:
    names = ("graph", "evidence", "answers", "code_graph")
    assert not offenders(modules_in("adapter_core/models/"), *(f"adapter_core.{n}" for n in names))


def test_adapters_are_above_graph_evidence_and_models() -> None:
    for prefix in ("adapter_core/graph/", "adapter_core/evidence/", "adapter_core/models/"):
        assert not offenders(modules_in(prefix), "adapter_core.adapters", "adapter_core.build")
    above = ("answers", "cli", "build")
    assert not offenders(modules_in("adapter_core/adapters/"), *(f"adapter_core.{n}" for n in above))


def test_the_server_reaches_the_core_by_its_doors() -> None:
    doors = {
        "adapter_core",
        *(f"adapter_core.{n}" for n in ("engine", "errors", "types", "paths", "isolation", "streams")),
    }
    beside = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in modules_in("lsp_server/")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for module in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        if module.partition(".")[0] == "adapter_core" and module not in doors
    ]
    assert not beside


def test_the_server_does_not_touch_adapters() -> None:
    assert not offenders(modules_in("lsp_server/"), "adapter_core.adapters", "adapter_core.build")


def test_nothing_imports_the_command_line() -> None:
    doors = [
        ROOT / "adapter_core" / name for name in ("code_graph.py", "build.py", "run.py")
    ]  # of `python -m adapter_core.…`
    below = [m for m in MODULES if "cli" not in m.relative_to(ROOT).parts and m not in doors]
    assert not offenders(below, "adapter_core.cli")
    for door in doors:
        *body, last = ast.parse(door.read_text("utf-8")).body
        assert isinstance(last, ast.If)
        assert ast.unparse(last.test) == "__name__ == '__main__'"
        assert not [n for n in imports_in(ast.Module(body, []), door) if n.startswith("adapter_core.cli")]


def test_the_code_map_names_every_module() -> None:
    """Those of `lsp_server/features` and `adapter_core/cli` are named after what they answer."""
    code_map = (ROOT / "docs" / "ARCHITECTURE.md").read_text("utf-8")
    named = {name.rpartition("/")[2] for name in re.findall(r"`([\w*/]+\.py)`", code_map)}
    by_name = ("lsp_server/features/", "adapter_core/cli/")
    missing = [
        path
        for module in MODULES
        if (path := module.relative_to(ROOT).as_posix())
        and not path.startswith(by_name)
        and module.name != "__init__.py"
        if not any(fnmatch.fnmatchcase(module.name, name) for name in named)
    ]
    assert not missing, f"say in docs/ARCHITECTURE.md what is in {', '.join(missing)}"


def test_the_code_map_names_no_module_that_is_gone() -> None:
    code_map = (ROOT / "docs" / "ARCHITECTURE.md").read_text("utf-8")
    folders = ("adapter_core", "lsp_server", "tests", "benchmarks")
    there = [path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.py")]
    named = set(re.findall(r"`([\w*/]+\.py)`", code_map))
    gone = sorted(name for name in named if not fnmatch.filter(there, name) and not fnmatch.filter(there, f"*/{name}"))
    assert not gone


def test_no_pickle() -> None:
    assert not offenders(MODULES, "pickle", "marshal", "shelve", "multiprocessing")


def test_splitlines_is_never_called_on_source() -> None:
    calls = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in MODULES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "splitlines"
    ]
    assert not calls


@pytest.mark.parametrize(
    "module",
    [
        "adapter_core",
        "adapter_core.cli.main",
        "adapter_core.answers.runner",
        "adapter_core.answers.generate",
        "adapter_core.run",
        "adapter_core.build",
        "adapter_core.build_fitted",
        "adapter_core.adapters.available",
        "adapter_core.adapters.mixing",
        "adapter_core.adapters.model_worker",
        "adapter_core.adapters.peft",
        "adapter_core.adapters.report",
        "lsp_server.__main__",
    ],
)
def test_heavy_libraries_are_imported_late(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'transformers', 'jedi', 'matplotlib', 'safetensors') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_modules_stay_small() -> None:
    long = {str(m.relative_to(ROOT)): n for m in MODULES if (n := len(m.read_text("utf-8").split("\n"))) > 450}
    assert not long
