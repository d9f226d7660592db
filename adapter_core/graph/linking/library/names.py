"""Names as texts, and functions that use them: `getattr`, `vars`, `import_module`, `eval`."""

from __future__ import annotations

import ast

from ..classes import decorating, namespaces
from ..results.values import EMPTY, Value, Values, external, union
from .call import Handlers, LibraryCall

HANDLERS = Handlers()
# The predicates of `inspect.getmembers`.
_MEMBERS = {"inspect.ismethod": "function", "inspect.isfunction": "function", "inspect.isclass": "class"}
_HAVE_NAMES = ("module", "class", "instance")
_ANY_TEXT = frozenset({external("builtins.str()")})


@HANDLERS.of("builtins.getattr")
def _getattr(call: LibraryCall) -> Values:
    return union([_attribute(call), call.argument(2)])


def _attribute(call: LibraryCall) -> Values:
    """An attribute whose name is known, or at least its prefix."""
    inference, node, context = call.inference, call.node, call.context
    if len(node.args) < 2:
        return EMPTY
    name_values = inference.infer(node.args[1], context)
    if name_values == _ANY_TEXT and isinstance(node.args[1], ast.Name):
        name_values = inference.argument_values(context.path, context.scope, node.args[1].id)  # to `name: str`
    names = [v.extra for v in name_values if v.path == "builtins.str()" and v.extra]
    values = inference.infer(node.args[0], context)
    parts = []
    for name in sorted(names):
        if name.endswith("*"):
            # A name that begins so: `getattr(self, f"do_{command}")`.
            parts += [inference.members_with_prefix(v, name[:-1]) for v in values if len(name) > 2]
        else:
            defined = decorating.undecorated_attribute(inference, values, name, context)
            parts.append(inference.attribute(values, name) if defined is None else defined)
    return union(parts)


@HANDLERS.of("builtins.vars")
def _vars(call: LibraryCall) -> Values | None:
    if not call.positional_count:
        return _namespace(call)
    return call.inference.attribute(frozenset(v for v in call.argument(0) if v.kind in _HAVE_NAMES), "__dict__")


@HANDLERS.of("builtins.globals builtins.locals")
def _namespace(call: LibraryCall) -> Values | None:
    scope = 0 if call.name == "builtins.globals" else call.context.scope
    return None if call.positional_count else frozenset({Value("namespace", call.context.path, scope)})


@HANDLERS.of("inspect.getmembers")
def _members(call: LibraryCall) -> Values:
    found = union([call.inference.members_with_prefix(v, "") for v in call.argument(0)])
    kind = _MEMBERS.get(next((v.path for v in call.argument(1)), ""), "")
    return namespaces.name_value_pairs(frozenset(v for v in found if not kind or v.kind == kind))


@HANDLERS.of("importlib.import_module builtins.__import__")
def _imported(call: LibraryCall) -> Values | None:
    if not call.positional_count:
        return None
    package = _package(call)
    names = [(package if v.extra.startswith(".") else "") + v.extra for v in call.argument(0)
             if v.path == "builtins.str()" and v.extra and not v.extra.endswith("*")]  # fmt: skip
    return union([call.inference.module(text) for text in sorted(names)])


def _package(call: LibraryCall) -> str:
    """The package that `import_module` resolves relative names against: its argument, or that of the file."""
    package_nodes = call.named("package") or call.node.args[1:2]
    for value in call.values(package_nodes[0]) if package_nodes else ():
        if value.path == "builtins.str()" and value.extra:
            return str(value.extra)
    table = call.inference.table(call.context.path)
    if table is None:
        return ""
    return table.facts.module if table.facts.path.endswith("__init__.py") else table.facts.module.rpartition(".")[0]


@HANDLERS.of("builtins.eval")
def _evaluated(call: LibraryCall) -> Values | None:
    """The value of a constant text."""
    node, context = call.node.args[0] if call.positional_count else None, call.context
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return (
        (call.inference.infer_text(context.path, context.scope, text.strip(), context.line) or None) if text else None
    )
