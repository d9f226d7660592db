"""Which parts of a syntax node hold expressions."""

from __future__ import annotations

import ast

# Which fields of an expression are walked. Names and constants are not in it: they hold nothing further.
_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
_NO_EXPRESSION = frozenset({"ctx", "op", "ops", "attr", "id", "value_kind", "arg", "conversion", "is_async", "simple"})
FIELDS: dict[type, tuple[str, ...]] = {
    cls: tuple(f for f in getattr(cls, "_fields", ()) if f not in _NO_EXPRESSION)
    for cls in (*ast.expr.__subclasses__(), ast.comprehension, ast.keyword, ast.Slice, ast.withitem)
    if not issubclass(cls, _LEAVES)
}


def outer_parts(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.expr]:
    """Decorators, defaults and bases run in the scope around the definition."""
    parts = list(node.decorator_list)
    if isinstance(node, ast.ClassDef):
        return [*parts, *node.bases, *(k.value for k in node.keywords)]
    return [*parts, *node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]


def spelled(node: ast.AST) -> str:
    """A constant key as `repr` spells it; "" for what is none, or so large that spelling it is refused."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, (str, bytes)):
        return repr(value) if len(value) < 200 else ""
    return repr(value) if isinstance(value, int) and abs(value) < 1 << 62 else ""
