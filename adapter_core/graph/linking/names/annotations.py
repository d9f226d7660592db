"""Annotations: the values of the annotated type."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ...parsing.fields import dotted_name
from ..local.snippets import snippet
from ..results.values import EMPTY, Value, Values, external, instance, union
from . import modules

if TYPE_CHECKING:
    from ..inference import Inference

# By last name: it matters less which module they come from.
_TRANSPARENT = frozenset(
    {"Optional", "Annotated", "ClassVar", "Final", "InitVar", "Required", "NotRequired", "ReadOnly", "Awaitable"}
)
_RESULT_LAST = frozenset({"Coroutine"})
_SEQUENCES = frozenset(
    """list List set Set frozenset FrozenSet Sequence MutableSequence Iterable Iterator Collection Generator AsyncGenerator AsyncIterator
    AsyncIterable deque Deque Reversible AbstractSet MutableSet KeysView ValuesView""".split()
)
_MANAGERS = frozenset(
    {"ContextManager", "AbstractContextManager", "AsyncContextManager", "AbstractAsyncContextManager"}
)
_MAPPINGS = frozenset(
    "dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict ChainMap ItemsView WeakValueDictionary".split()
)
# Names that a workspace may have for classes of its own.
_QUEUES = frozenset({"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"})
_FUTURES = frozenset({"Future", "Task"})
_UNINFORMATIVE = frozenset({"None", "Any", "object", "Self", "NoReturn", "Never"})
# Types that say of a value that it can be called, or nothing at all.
_UNINFORMATIVE_EXTERNALS = frozenset(
    {"Callable", "FunctionType", "MethodType", "TypeVar", "ParamSpec", "Union", "Optional", "TypeAlias"}
)


def instances(inference: Inference, path: str, scope: int, text: str, line: int) -> Values:
    """Instances of the annotated type; containers of them as `typed` values; external types as external values."""
    source = snippet(text)
    return _instances_of(inference, source.tree, path, scope, line, 0) if source is not None else EMPTY


def is_informative(values: Values) -> bool:
    """Whether the values of an annotation determine what is called on them; any function, or a container of functions, does not."""
    return any(_is_informative_value(value) for value in values)


def _is_informative_value(value: Value) -> bool:
    if value.kind == "typed":
        return value.path != "callable" and (not value.extra or is_informative(value.extra))
    if value.kind == "external":
        return value.path.rstrip("()[]").rpartition(".")[2] not in _UNINFORMATIVE_EXTERNALS
    return True


def _may_be_alias(value: Value) -> bool:
    """`Handler = Callable[[int], None]`, `Handler: TypeAlias = …`: a workspace name that resolves to `typing`."""
    return value.path.endswith("[]") or value.path.endswith("TypeAlias()")


def _instances_of(inference: Inference, node: ast.expr, path: str, scope: int, line: int, depth: int) -> Values:
    if depth > 8:
        return EMPTY
    if isinstance(node, ast.Constant):
        inner = snippet(node.value) if isinstance(node.value, str) else None
        return _instances_of(inference, inner.tree, path, scope, line, depth + 1) if inner is not None else EMPTY
    if isinstance(node, ast.BinOp):
        return union([_instances_of(inference, n, path, scope, line, depth + 1) for n in (node.left, node.right)])
    if isinstance(node, ast.Subscript):
        return _generic(inference, node, path, scope, line, depth + 1)
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return EMPTY
    name = node.id if isinstance(node, ast.Name) else node.attr
    if name in _UNINFORMATIVE:
        return EMPTY
    parts: list[Values] = []
    for value in inference.infer_text(path, scope, ast.unparse(node), line):
        if value.kind == "class":
            parts.append(frozenset({instance(value)}))
        elif value.kind == "external":
            parts.append(
                _type_variable(inference, value, node, path, line, depth)
                or (_alias(inference, node, path, scope, line, depth) if _may_be_alias(value) else EMPTY)
                or frozenset({external(f"{value.path}()")})
            )
        elif value.kind == "instance":
            parts.append(EMPTY)
    if not parts:
        return _alias(inference, node, path, scope, line, depth)
    return union(parts)


def _generic(inference: Inference, node: ast.Subscript, path: str, scope: int, line: int, depth: int) -> Values:
    head = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    inside = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]

    def of(part: ast.expr) -> Values:
        return _instances_of(inference, part, path, scope, line, depth)

    if head == "Literal" or not inside:
        return EMPTY
    if head in _TRANSPARENT:
        return of(inside[0])
    if head == "Union":
        return union([of(part) for part in inside])
    if head in _RESULT_LAST:
        return of(inside[-1])
    if head in ("type", "Type"):
        return frozenset(Value("class", v.path, v.index) for v in of(inside[0]) if v.kind == "instance")
    if head == "Callable":
        return frozenset({Value("typed", "callable", 0, of(inside[-1]))})
    if head in ("tuple", "Tuple"):
        return frozenset({Value("typed", "tuple", 0, union([of(part) for part in inside if not _is_dots(part)]))})
    if head in _SEQUENCES:
        return frozenset({Value("typed", "list", 0, of(inside[0]))})
    if head in _MANAGERS:
        return frozenset({Value("typed", "entered", 0, of(inside[0]))})
    if head in _MAPPINGS:
        return frozenset({Value("typed", "dict", 0, of(inside[-1]))})
    values = of(node.value)
    if head in _QUEUES | _FUTURES and values and all(v.kind == "external" for v in values):
        return frozenset({Value("typed", "list" if head in _QUEUES else "future", 0, of(inside[0]))})
    return values


def _alias(inference: Inference, node: ast.expr, path: str, scope: int, line: int, depth: int) -> Values:
    """A type alias: `Handler = Base | Other`, `type Handler = …`, in this file or in the one that it is imported from."""
    if isinstance(node, ast.Attribute):
        for value in inference.infer_text(path, scope, dotted_name(node.value), line) if depth < 6 else ():
            for facts in inference.workspace.facts_of_module(value.path) if value.kind == "module" else ():
                return _alias(inference, ast.Name(node.attr), facts.path, 0, 0, depth + 1)
    table = inference.table(path) if isinstance(node, ast.Name) else None
    if table is None or not isinstance(node, ast.Name):
        return EMPTY
    for flow in table.flows.get((0, node.id), ()):
        if flow.kind == "assign":
            text = inference.workspace.text(path)[flow.start : flow.end]
            inner = snippet(text)
            if inner is not None and isinstance(inner.tree, (ast.BinOp, ast.Subscript, ast.Constant)):
                return _instances_of(inference, inner.tree, path, 0, flow.line, depth + 1)
    for item in table.imports.get((0, node.id), ()):
        target = modules.absolute_module(table.facts, item)
        for facts in inference.workspace.facts_of_module(target):
            if item.name is not None and depth < 6:
                return _alias(inference, ast.Name(item.name), facts.path, 0, 0, depth + 1)
    return EMPTY


def _type_variable(inference: Inference, value: Value, node: ast.expr, path: str, line: int, depth: int) -> Values:
    """`T = TypeVar("T", bound=Base)`: instances of the bound."""
    if not value.path.rpartition(".")[2].startswith("TypeVar(") or not isinstance(node, ast.Name):
        return EMPTY
    table = inference.table(path)
    for flow in table.flows.get((0, node.id), ()) if table else ():
        inner = snippet(inference.workspace.text(path)[flow.start : flow.end])
        if inner is None or not isinstance(inner.tree, ast.Call):
            continue
        bounds = [k.value for k in inner.tree.keywords if k.arg == "bound"] or inner.tree.args[1:]
        return union([_instances_of(inference, b, path, 0, line, depth + 1) for b in bounds])
    return EMPTY


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis
