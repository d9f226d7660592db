"""`Inference`: what an expression may evaluate to. Demand-driven abstract interpretation over the facts of single files; nothing is
executed.

Which of several bindings of a name reach a position is decided from the text (`reaching.py`: lines, branches, loops); seen from another
scope, the last ones. Parameters get the arguments of calls that are found by name. A function's result depends on the arguments of the call
where one of its parameters reaches the result, directly or through local names.
"""

from __future__ import annotations

import ast
import builtins
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...types import Call, Flow, Import, Parameter
from ..memory.recent import Recent
from . import expressions
from .aliases import import_aliases, may_alias
from .calls import calling, lambdas, parameters
from .classes import attributes, composed, dynamic, generated, namespaces
from .containers import contents, filling, protocols
from .flow import folding
from .local import reaching
from .local.reaching import Binding
from .local.snippets import Snippet, snippet
from .local.tables import SymbolTable, forget_rows, scopes
from .names import annotations as types_of
from .names import modules, texts
from .results.query_cache import QueryCache
from .results.values import EMPTY, Value, Values, external, union, union_of_alternatives, workspace_values

if TYPE_CHECKING:
    from .implicit.targets import ImplicitCall
    from .local.facts import Workspace
    from .local.implicit_sites import Operation
    from .local.named_calls import NamedCalls
    from .results.reads import Reads

_MAX_NESTING = 60  # of nested expressions, over all running evaluations
_MAX_CONSTANT = 40  # characters of an expression that may be a constant
_WORD = re.compile(r"[^\W\d]\w*")
_BUILTINS = frozenset(dir(builtins))
Environment = tuple[tuple[str, Values], ...]


class _CacheSizes(NamedTuple):
    """The cache sizes: tables, weighed by their rows, of some 150 bytes each; line tables, by file; operations."""

    tables: int
    lines: int
    operations: int


_SIZES_FOR_QUERIES = _CacheSizes(30_000, 16, 6_000)
# Who goes through all files comes back to tables, but takes up each file's operations once.
_SIZES_FOR_LINKING = _CacheSizes(200_000, 12, 3_000)


class Context(NamedTuple):
    """Where an expression is evaluated: file, scope, the offset of its text in the file (-1: unknown), its line, and the known values of
    enclosing parameters."""

    path: str
    scope: int
    base: int
    line: int
    source: Snippet
    environment: Environment = ()


def _drop_rows(table: SymbolTable | None) -> None:
    if table is not None:
        forget_rows(table.facts)


class Inference(QueryCache):
    """Answers and caches queries about a workspace, as long as that does not change. Not thread-safe."""

    def __init__(self, workspace: Workspace, reads: Reads | None = None) -> None:
        """With `reads`, what each result reads of the workspace is recorded there; the workspace is then a `TracedWorkspace` with the
        same `reads`."""
        super().__init__(reads)
        self.workspace = workspace
        sizes = _SIZES_FOR_QUERIES if reads is None else _SIZES_FOR_LINKING
        self._tables: Recent[str, SymbolTable | None] = Recent(
            sizes.tables, lambda table: table.weight if table else 1, _drop_rows
        )
        self._lines: Recent[str, reaching.Lines] = Recent(sizes.lines)
        self.operations: Recent[str, tuple[Operation, ...] | None] = Recent(
            sizes.operations, lambda found: len(found or ())
        )
        # By file: the `isinstance` checks that `narrowing` finds in it, and the loops that `folding` finds.
        self.isinstance_checks: dict[str, dict[tuple[int, str], list[Any]]] = {}
        self.folds: dict[str, tuple[Any, ...]] = {}
        # Files whose operations are unknown because they do not parse, since this was last cleared.
        self.unparsed: dict[str, None] = {}
        # The calls of a function or class, as found by `sites`, and whether a limit was reached.
        self.callers: dict[Value, tuple[list[tuple[str, Call, bool]], bool]] = {}
        # The same for implicit calls, with the reason why they may be incomplete.
        self.implicit_callers: dict[Value, tuple[list[tuple[str, ImplicitCall]], str, bool]] = {}
        # `SymbolTable.callback_calls` by file: it is read many times, and mostly empty.
        self.callback_calls: dict[str, tuple[Call, ...]] = {}
        # By file, the classes by the names of their bases: many classes share a name, and most files are read for nothing else.
        self.classes_by_base: dict[str, dict[str, list[int]]] = {}
        self.named_calls: NamedCalls | None = None  # of all files, during a pass over all of them
        self._nesting = 0

    def note_read(self, path: str) -> None:
        """Record that a file is read."""
        if self.reads is not None:
            self.reads.note_file(path)

    def table(self, path: str) -> SymbolTable | None:
        if self.reads is not None:
            self.reads.note_file(path)
        table = self._tables.fetch(path)
        if table is None and path not in self._tables:
            facts = self.workspace.facts(path)
            table = self._tables[path] = SymbolTable(facts) if facts else None
        return table

    def lines(self, path: str) -> list[str]:
        """The lines of a file's text."""
        return self.line_table(path).texts

    def line_table(self, path: str) -> reaching.Lines:
        """The lines of a file with their indentation."""
        lines = self._lines.fetch(path)
        if lines is None:
            lines = self._lines[path] = reaching.lines_of(self.workspace.text(path).split("\n"))
        return lines

    # -- expressions by their place ----------------------------------------------------------------------------------

    def infer_at(self, path: str, scope: int, start: int, end: int, line: int, environment: Environment = ()) -> Values:
        """What the expression at offsets `start:end` of a file may be."""
        key = (path, scope, start, end, environment)
        known = self.cached(key)
        if known is not None:
            self.note_read(path)
            return known
        found = self.context(path, scope, start, end, line, environment)
        return EMPTY if found is None else self.evaluate(key, lambda: self.infer(found.source.tree, found))

    def context(
        self, path: str, scope: int, start: int, end: int, line: int, environment: Environment = ()
    ) -> Context | None:
        source = snippet(self.workspace.text(path)[start:end])
        return None if source is None else Context(path, scope, start, line, source, environment)

    def infer_text(self, path: str, scope: int, text: str, line: int) -> Values:
        """What an expression given as text may be: a decorator, a base, a default, a dotted name."""
        key = (path, scope, text, line)
        known = self.cached(key)
        if known is not None:
            return known
        source = snippet(text)
        if source is None:
            return EMPTY
        context = Context(path, scope, -1, line, source)
        return self.evaluate(key, lambda: self.infer(source.tree, context))

    def infer_flow(self, path: str, flow: Flow, environment: Environment = ()) -> Values:
        """The values that a flow binds to its target."""
        if flow.kind == "annotation":
            return self.infer_annotation(path, flow.scope, self.workspace.text(path)[flow.start : flow.end], flow.line)
        values = self.infer_at(path, flow.scope, flow.start, flow.end, flow.line, environment)
        if flow.kind in ("for", "yield_from"):
            values = namespaces.loop_values(self, path, flow, self.elements(values))
        elif flow.kind == "with":
            values = union([protocols.enter_result(self, v) for v in values])
        elif flow.kind == "except":
            values = union([protocols.caught_exception(self, v) for v in values])
        if flow.path and flow.kind != "item":
            for step in flow.path.split("."):
                values = self.unpacked(values, step)
        return values

    def infer_annotation(self, path: str, scope: int, text: str, line: int) -> Values:
        """Instances of the type that an annotation names."""
        return self.memoize(
            ("annotation", path, scope, text, line), lambda: types_of.instances(self, path, scope, text, line)
        )

    # -- expressions by their kind -----------------------------------------------------------------------------------

    def infer(self, node: ast.expr, context: Context) -> Values:
        if self._nesting >= _MAX_NESTING:
            self.mark_incomplete()
            return EMPTY
        self._nesting += 1
        try:
            return expressions.evaluate(self, node, context)
        finally:
            self._nesting -= 1

    def infer_name(
        self, name: str, path: str, scope: int, offset: int, line: int, environment: Environment = ()
    ) -> Values:
        """What a name may be, read in a scope at an offset (-1: unknown) and line (0: anywhere)."""
        table = self.table(path)
        if table is None:
            return EMPTY
        limited, declared = name in table.limited_names, table.declared
        for visible_scope in scopes(table.facts, scope):
            limited_flows = table.limited_at(visible_scope, name, offset) if limited else None
            if limited_flows:
                nearest = min(limited_flows, key=lambda f: f.last - f.first)
                if nearest.kind == "lambda":
                    return lambdas.parameter_values(self, path, nearest)
                return self.infer_flow(path, nearest)
            is_own_scope = visible_scope == scope
            if declared and (visible_scope, name) in declared:
                visible_scope, is_own_scope = declared[(visible_scope, name)], False
            if is_own_scope and offset >= 0 and reaching.is_not_yet_bound(table, visible_scope, name, offset):
                continue
            position = (offset, line, environment) if is_own_scope else (-1, 0, ())
            found = self.infer_binding(table, visible_scope, name, *position)
            if found is not None:
                if visible_scope != 0:
                    return found
                if table.stars:
                    later = modules.from_later_stars(self, table, name, line if is_own_scope else 0)
                    if later is not None:
                        return later
                found = modules.with_assigned_elsewhere(self, table, name, found)
                return found or modules.assigned_elsewhere(self, table.facts.module, name)
        found = modules.from_stars(self, table, name)
        if found is not None:
            return found
        if name == "__name__":
            return frozenset({Value("external", "builtins.str()", 0, table.facts.module)})
        if name in _BUILTINS:
            return frozenset({external(f"builtins.{name}")})
        return EMPTY

    def infer_binding(
        self, table: SymbolTable, scope: int, name: str, offset: int = -1, line: int = 0, environment: Environment = ()
    ) -> Values | None:
        """What a name may be that is bound in one scope; None where the scope does not bind it. With a `line`, only bindings that reach
        it."""
        bound = reaching.bindings_of(table, scope, name)
        parameter = bound.parameter
        if not bound.bindings:
            if parameter:
                return parameters.parameter_values(self, table.facts.path, scope, name)
            return EMPTY if name in table.facts.symbols[scope].local_names else None
        lines = self.line_table(table.facts.path) if line and bound.branching else reaching.NO_LINES
        chosen, may_be_parameter = reaching.reaching_bindings(
            bound, reaching.ReadPosition(offset, line, lines) if line else None
        )
        folds = bound.branching and self.folds.get(table.facts.path) != ()
        fold_flow = folding.finished_fold(self, table, chosen, line) if folds else None
        if environment:
            environment = self._relevant_environment(table, chosen, environment)

        def compute() -> Values:
            fold_result = folding.result(self, table, fold_flow) if fold_flow is not None else EMPTY
            # What the name was before its loop is no more.
            remaining = (
                chosen if fold_flow is None or not fold_result else [e for e in chosen if e.line > fold_flow.line]
            )
            annotations = [e for e in remaining if isinstance(e.source, Flow) and e.source.kind == "annotation"]
            assignments = [e for e in remaining if e not in annotations]
            parts = [self._infer_source(table, e, environment) for e in assignments]
            if annotations and not any(v.kind != "typed" for part in parts for v in workspace_values(part)):
                # An annotation counts where the value is unknown: `basket: Basket = field(…)`.
                parts += [self._infer_source(table, e) for e in annotations]
            else:
                parts = [union_of_alternatives(parts, [self._is_constant_binding(table, e) for e in assignments])]
            if fold_result:
                parts.append(fold_result)
            elif parameter and may_be_parameter:
                parts.append(parameters.parameter_values(self, table.facts.path, scope, name))
            return union(parts)

        number = fold_flow.start if fold_flow is not None else -1
        key = (
            "binding",
            table.facts.path,
            scope,
            name,
            may_be_parameter,
            tuple([e.number for e in chosen]),
            environment,
            number,
        )
        return self.memoize(key, compute)

    def _is_constant_binding(self, table: SymbolTable, binding: Binding) -> bool:
        """Whether a binding without known values assigns a constant, rather than something unknown."""
        return isinstance(binding.source, Flow) and self.is_constant_flow(table.facts.path, binding.source)

    def is_constant_flow(self, path: str, flow: Flow) -> bool:
        text = self.workspace.text(path)[flow.start : flow.end] if flow.end - flow.start < _MAX_CONSTANT else ""
        source = snippet(text) if text else None
        return source is not None and isinstance(source.tree, ast.Constant)

    def _relevant_environment(self, table: SymbolTable, chosen: list[Binding], environment: Environment) -> Environment:
        """The part of the environment whose names the bindings use."""
        text = self.workspace.text(table.facts.path)
        words: set[str] = set()
        for binding in chosen:
            if isinstance(binding.source, Flow):
                words.update(_WORD.findall(text, binding.source.start, binding.source.end))
        return tuple(e for e in environment if e[0] in words)

    def _infer_source(self, table: SymbolTable, binding: Binding, environment: Environment = ()) -> Values:
        source = binding.source
        facts = table.facts
        if isinstance(source, Flow):
            return self.infer_flow(facts.path, source, environment)
        if isinstance(source, Import):
            return modules.imported_value(self, facts, source)
        symbol = facts.symbols[source]
        if symbol.kind == "class":
            return calling.apply_decorators(self, facts.path, source, Value("class", facts.path, source))
        if symbol.is_callable:
            return calling.apply_decorators(self, facts.path, source, Value("function", facts.path, source))
        return EMPTY

    def attribute(self, values: Values, name: str) -> Values:
        """The attribute of any of the values, through descriptors: methods are bound, properties evaluated."""
        return union([self._attribute_of(v, name) for v in values])

    def _attribute_of(self, value: Value, name: str) -> Values:
        if value.kind == "module":
            if name == "__dict__":
                return namespaces.module_namespace(self, value.path)
            return modules.attribute(self, value.path, name)
        if value.kind in ("class", "instance", "super"):
            return attributes.attribute(self, value, name)
        if value.kind == "external":
            return dynamic.parsed_argument(self, value, name) or frozenset({texts.bound_method(value, name)})
        if value.kind in ("display", "starred", "typed", "generator", "attributes", "namespace"):
            return dynamic.container_attribute(value, name)
        if value.kind == "function":
            return dynamic.function_attribute(self, value, name)
        if value.kind in ("composed", "object"):
            return composed.attribute(self, value, name)
        if value.kind == "partial" and name == "func":
            return frozenset({value.extra[0]})
        return EMPTY

    # -- containers --------------------------------------------------------------------------------------------------

    def elements(self, values: Values) -> Values:
        """What iterating over any of the values yields."""
        return union([protocols.element_values(self, v) for v in values])

    def unpacked(self, values: Values, step: str) -> Values:
        """What unpacking binds at one position: "1", "-1", or "*1:0" for a list of the rest; what a pattern binds: "@attribute", "@0"
        (of a class, by position), "'key'"."""
        if step.startswith("*"):
            first, _, after = step[1:].partition(":")
            return union([contents.rest(self, v, int(first), int(after)) for v in values])
        if step.startswith("@"):
            name_or_position = step[1:]
            return (
                generated.pattern_values(self, values, int(name_or_position))
                if name_or_position.isdecimal()
                else self.attribute(values, name_or_position)
            )
        if step[:1] in "'\"":
            return union([protocols.item(self, v, step, None) for v in values])
        return union([protocols.item(self, v, None, step) for v in values])

    # -- what modules ask of those that build on them: what a name is depends on calls, and these on what names are -----

    def module(self, name: str) -> Values:
        """The workspace module with a dotted name, or an external value."""
        return modules.module_value(self, name)

    def member(self, value: Value, name: str) -> Values:
        """An attribute of a class, an instance or `super()`."""
        return attributes.attribute(self, value, name)

    def members_with_prefix(self, value: Value, start: str) -> Values:
        """The attributes of a value whose names start with `start`."""
        if value.kind == "module":
            return modules.attributes_with_prefix(self, value.path, start)
        return attributes.attributes_with_prefix(self, value, start)

    def enter_result(self, value: Value) -> Values:
        return protocols.enter_result(self, value)

    def keys(self, node: ast.expr, context: Context) -> list[str | None]:
        return expressions.keys(self, node, context)

    def item(self, value: Value, key: str | None, step: str | None) -> Values:
        return protocols.item(self, value, key, step)

    def element_values(self, value: Value) -> Values:
        return protocols.element_values(self, value)

    def call_results(self, callees: Values) -> Values:
        return calling.call_results(self, callees)

    def call_result_with(self, function: Value, environment: Environment) -> Values:
        return calling.call_result_with(self, function, environment)

    def yielded_values(self, generator: Value) -> Values:
        return calling.yielded_values(self, generator)

    def added_values(self, value: Value, key: str | None, written: Values) -> Values:
        return filling.added_values(self, value, key, written)

    def variadic_values(self, value: Value, key: str | None) -> Values:
        return parameters.variadic_values(self, value, key)

    def argument_values(self, path: str, scope: int, name: str) -> Values:
        return parameters.argument_values(self, path, scope, name)

    def getattr_result(self, functions: Values, name: str) -> Values:
        return dynamic.getattr_result(self, functions, name)

    def argument_value(self, callee: Value, node: ast.Call, context: Context, parameter: Parameter) -> Values | None:
        return parameters.argument_value(self, callee, node, context, parameter)

    def callees(self, path: str, call: Call) -> Values:
        return calling.callees(self, path, call)

    def constructors(self, cls: Value) -> Values:
        return calling.constructors(self, cls)

    def aliases_of_name(self, name: str) -> list[str]:
        return import_aliases.aliases_of_name(self, name)

    def files_using_name(self, name: str) -> list[str]:
        return import_aliases.files_using_name(self, name)

    def aliases_of(self, value: Value) -> list[tuple[str, str]]:
        return may_alias.aliases_of(self, value)

    def aliases_of_instances(self, cls: Value) -> list[tuple[str, str]]:
        return may_alias.aliases_of_instances(self, cls)

    def call_sites_of(self, value: Value) -> list[tuple[str, Call]]:
        return may_alias.call_sites_of(self, value)

    def is_common(self, function: Value) -> bool:
        return may_alias.is_common(self, function)
