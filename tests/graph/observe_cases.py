"""Write the edges of call cases from what happens when they run: `python -m tests.graph.observe_cases FILE… [--check]`.

Each case of the files runs by itself, in a process of its own, and its `--- edges` and `--- implicit` are written anew (with `--check`:
compared). What a call expression or a decorator enters is asked of the value that is called, so that generators, coroutines and
classes without a constructor are seen as well; everything else is what `sys.setprofile` saw. `call_cases/README.md` says what counts.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .test_call_cases import Case, read_cases

# Runs in the folder of one case; prints {"edges": […], "implicit": […]} as its last line.
_RUNNER = r'''
import ast, collections, dis, functools, gc, importlib.machinery, inspect, json, os, sys, threading

ROOT = os.getcwd() + os.sep
NO_FUNCTIONS = ("<module>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
edges, implicit, made = set(), set(), set()
places = {}  # number of a call expression -> its scope
positions_of = {}  # and where it stands
called = {}  # (file, position) -> what was called there last


def scope_of(path):
    parts = path[len(ROOT):].removesuffix(".py").split(os.sep)
    parts = parts[1:] if parts[0] == "src" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def inside(path):
    return path.startswith(ROOT) and path.endswith(".py")


def name_of(code, callee=False):
    parts = [p for p in code.co_qualname.split(".") if p not in ("<locals>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")]
    lam = "<lambda>" in parts
    parts = [p for p in parts if p not in ("<lambda>", "<module>")]
    return ".".join([scope_of(code.co_filename), *parts, *(["<lambda>"] if lam and callee else [])])


def class_name(cls):
    return ".".join([*(p for p in [scope_of(sys.modules[cls.__module__].__file__)]), *cls.__qualname__.replace(".<locals>", "").split(".")])


def is_ours(cls):
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None) or ""
    return inside(os.path.abspath(file))


def entered(value):
    """What calling a value is written to enter: (function names, codes)."""
    if isinstance(value, functools.partial):
        return entered(value.func)
    if inspect.ismethod(value):
        return entered(value.__func__)
    code = getattr(value, "__code__", None)
    if code is not None and inside(code.co_filename):
        return [(name_of(code, True), code)]
    if isinstance(value, type):
        if not is_ours(value):
            return []
        found = []
        for name in ("__new__", "__init__"):
            for cls in value.__mro__:
                if name in cls.__dict__:
                    function = cls.__dict__[name]
                    code = getattr(getattr(function, "__func__", function), "__code__", None)
                    if code is not None and inside(code.co_filename):
                        found.append((name_of(code), code))
                    break
        return found or [(class_name(value), None)]
    inner = getattr(value, "__wrapped__", None) or getattr(value, "__origin__", None)  # `cache(f)`, `Generic[int]`
    return entered(inner) if inner is not None else []


def __seen__(value, number):
    called[sys._getframe(1).f_code.co_filename, positions_of[number]] = value
    for name, code in entered(value):
        if code is None or code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR) or not (
            isinstance(value, type) or direct(value)
        ):
            edges.add((places[number], name))
            made.add(code)
    return value


def direct(value):
    """Whether a frame of the function itself begins at once, so that the profiler sees it."""
    if isinstance(value, functools.partial):
        return direct(value.func)
    value = getattr(value, "__func__", value)
    return inspect.isfunction(value) and inside(value.__code__.co_filename)


class Marker(ast.NodeTransformer):
    def __init__(self, module):
        self.module, self.stack = module, [module]

    def definition(self, node):
        for field in ("decorator_list", "bases", "keywords", "args", "returns"):
            value = getattr(node, field, None)
            if isinstance(value, list):
                setattr(node, field, [self.visit(v) for v in value])
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        node.decorator_list = [self.mark(d) for d in node.decorator_list]
        self.stack.append(node.name)
        node.body = [self.visit(s) for s in node.body]
        self.stack.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = definition

    def mark(self, node, call=None):
        number = len(places)
        places[number] = ".".join(self.stack)
        positions_of[number] = place_of(call or node)
        marked = ast.Call(ast.Name("__seen__", ast.Load()), [node, ast.Constant(number)], [])
        return ast.copy_location(marked, node)

    def visit_Call(self, node):
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id in ("super", "locals", "vars", "dir")):
            node.func = self.mark(node.func, node)
        return node


class Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, *, _optimize=-1):
        tree = Marker(scope_of(path)).visit(ast.parse(data))
        ast.fix_missing_locations(tree)
        positions[path] = written(ast.parse(data))
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module):
        module.__dict__["__seen__"] = __seen__
        super().exec_module(module)

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


positions = {}


def written(tree):
    calls = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            calls[place_of(node)] = getattr(node.func, "attr", getattr(node.func, "id", ""))
        for decorator in getattr(node, "decorator_list", ()):
            calls[place_of(decorator)] = "@"
    return calls


def place_of(node):
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path, target)
        if spec and spec.origin and inside(os.path.abspath(spec.origin)):
            spec.loader = Loader(name, os.path.abspath(spec.origin))
            spec.origin = os.path.abspath(spec.origin)
        return spec


instructions = {}
in_c = collections.Counter()


def position_of(frame):
    code = frame.f_code
    if code not in instructions:
        instructions[code] = {i.offset: i for i in dis.get_instructions(code)}
    at = frame.f_lasti
    while at not in instructions[code]:
        at -= 2
    found = instructions[code][at]
    return found.opname, tuple(found.positions)


def handler(frame, event, argument):
    if event == "c_call":
        in_c[frame] += 1
        return
    if event in ("c_return", "c_exception"):
        in_c[frame] -= 1
        return
    if event != "call":
        return
    code = frame.f_code
    if not inside(code.co_filename) or code.co_name in NO_FUNCTIONS or is_body(frame):
        return
    op = code.co_code[frame.f_lasti]
    if dis.opname[op] != "RESUME" or code.co_code[frame.f_lasti + 1] & 3:
        return
    back = frame.f_back
    through = False
    while back is not None and not inside(back.f_code.co_filename):
        back, through = back.f_back, True
    if back is None:
        return
    caller, callee = name_of(back.f_code), name_of(code, True)
    later = code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR)
    if later:
        if code not in made and (code.co_name.startswith("__") or not code.co_flags & inspect.CO_COROUTINE):
            implicit.add((caller, callee))
        return
    opname, place = position_of(back)
    name = positions.get(back.f_code.co_filename, {}).get(place)
    plain = name is not None and opname in ("CALL", "CALL_FUNCTION_EX", "PRECALL", "CACHE") and not in_c[back] and not through
    special = code.co_name.startswith("__") and code.co_name.endswith("__")
    if plain and special and code.co_name not in ("__init__", "__new__", "__call__", name):
        plain = False
    if plain and name != "@":
        value = called.get((back.f_code.co_filename, place))
        plain = (bool(entered(value)) or is_ours(value if isinstance(value, type) else type(value)))
    (edges if plain else implicit).add((caller, callee))


def is_body(frame):
    return "__module__" in frame.f_code.co_names and "__qualname__" in frame.f_code.co_names and not frame.f_code.co_flags & inspect.CO_OPTIMIZED


sys.path.insert(0, ROOT.rstrip(os.sep))
if os.path.isdir("src"):
    sys.path.insert(1, ROOT + "src")
sys.meta_path.insert(0, Finder)
gc.disable()
threading.setprofile(handler)
sys.setprofile(handler)
try:
    import main
finally:
    sys.setprofile(None)
    threading.setprofile(None)
print("\n" + json.dumps({"edges": sorted(edges), "implicit": sorted(implicit - edges)}))
'''


def observe(case: Case) -> dict[str, set[tuple[str, str]]]:
    """What runs when `main.py` of a case is imported."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in case.files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        done = subprocess.run(
            [sys.executable, "-c", _RUNNER], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    if done.returncode:
        raise SystemExit(f"{case.name}:\n{done.stderr}")
    found = json.loads(done.stdout.strip().rpartition("\n")[2])
    return {key: {(a, b) for a, b in rows} for key, rows in found.items()}


def rewritten(text: str) -> str:
    blocks = []
    for block in re.split(r"(?m)^(?==== )", text):
        if not block.startswith("=== "):
            blocks.append(block)
            continue
        (case,) = read_cases(block)
        seen = observe(case)
        head = re.split(r"(?m)^--- ", block)[0].rstrip("\n")
        lines = [head, "--- edges", *(f"{a} -> {b}" for a, b in sorted(seen["edges"]))]
        if seen["implicit"]:
            lines += ["--- implicit", *(f"{a} -> {b}" for a, b in sorted(seen["implicit"]))]
        blocks.append("\n".join(lines) + "\n\n")
    return "".join(blocks).rstrip("\n") + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    for file in options.files:
        text = file.read_text("utf-8")
        if not options.check:
            file.write_text(rewritten(text), "utf-8")
            continue
        for case in read_cases(text):
            seen = observe(case)
            for kind, told in (("edges", case.edges), ("implicit", case.implicit)):
                for sign, some in (("+", seen[kind] - told), ("-", told - seen[kind])):
                    for edge in sorted(some):
                        print(f"{file.stem}: {case.name}: {sign} {kind} {edge[0]} -> {edge[1]}")


if __name__ == "__main__":
    main()
