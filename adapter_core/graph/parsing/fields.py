"""Which parts of a syntax node hold expressions."""

from __future__ import annotations

import ast

# Which fields of an expression are walked. Names and constants are not in it: they hold nothing further.
_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
_NO_EXPRESSION = frozenset({"ctx", "op", "ops", "attr", "id", "value_kind", "arg", "conversion", "is_async", "simple"})
_LISTS = frozenset({"args", "comparators", "elts", "generators", "ifs", "keys", "keywords", "values"})
# (those that hold one node or none, those that hold a list of nodes)
FIELDS: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}
for _class in (*ast.expr.__subclasses__(), ast.comprehension, ast.keyword, ast.Slice, ast.withitem):
    if not issubclass(_class, _LEAVES):
        _names = [f for f in getattr(_class, "_fields", ()) if f not in _NO_EXPRESSION]
        FIELDS[_class] = tuple(f for f in _names if f not in _LISTS), tuple(f for f in _names if f in _LISTS)


def outer_parts(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.expr]:
    """Decorators, defaults and bases run in the scope around the definition."""
    if type(node) is ast.ClassDef:
        return [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
    arguments: ast.arguments = node.args  # type: ignore[union-attr]
    parts = node.decorator_list + arguments.defaults
    return [*parts, *(d for d in arguments.kw_defaults if d is not None)] if arguments.kw_defaults else parts


def dotted_name(node: ast.AST) -> str:
    """`a.b.c` for names and attributes of names; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


def spelled(node: ast.AST) -> str:
    """A constant key as `repr` spells it; "" for what is none, or so large that spelling it is refused."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, (str, bytes)):
        return repr(value) if len(value) < 200 else ""
    return repr(value) if isinstance(value, int) and abs(value) < 1 << 62 else ""
