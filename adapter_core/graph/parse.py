"""Python source to facts, with `ast`. Source that `ast` cannot read goes to `recover.py`.

Pure: takes text, returns facts; never raises for what the text contains.
"""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace

from ..types import Call, Import, ModuleFacts, Parameter, Symbol

_FILENAME = "<pathline>"
# The compiler reports invalid escapes and the like through warnings; they are the author's, not our user's.
warnings.filterwarnings("ignore", module=_FILENAME)

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVES = frozenset(
    {ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue, ast.alias}
    | set(ast.operator.__subclasses__()) | set(ast.cmpop.__subclasses__()) | set(ast.boolop.__subclasses__())
    | set(ast.unaryop.__subclasses__())
)  # fmt: skip
_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]*\Z")
_PROPERTY = frozenset({"property", "cached_property", "abstractproperty"})


def parse_tree(text: str) -> ast.Module | None:
    """The syntax tree, or None where this Python cannot parse the text."""
    try:
        return ast.parse(text, _FILENAME)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def parse_python(path: str, text: str) -> ModuleFacts:
    """The facts of one Python file. A file that does not parse yields what error recovery finds, with a problem."""
    try:
        tree = ast.parse(text, _FILENAME)
    except SyntaxError as error:
        problem = f"line {error.lineno or 1}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        problem = f"cannot be parsed: {error}" if str(error) else "cannot be parsed: too deeply nested"
    else:
        return _Extractor(path, text).run(tree)
    from .recover import recover_python

    return recover_python(path, text, problem)


def module_name(path: str) -> str:
    """The dotted name under which a file is imported, as far as its path tells: `src/` and `lib/` at the top are not part of it."""
    parts = path.rsplit(".", 1)[0].split("/")
    if len(parts) > 1 and parts[0] in ("src", "lib"):
        parts = parts[1:]
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


class _Extractor:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self.symbols: list[Symbol] = []
        self.imports: list[Import] = []
        self.calls: list[tuple[int, int, str, int, bool]] = []

    def run(self, tree: ast.Module) -> ModuleFacts:
        module = module_name(self.path)
        name = module.rpartition(".")[2]
        self.symbols.append(
            Symbol(name, module, "module", 1, max(1, len(self.lines)), 1, 0, docstring=_docstring(tree) or "")
        )
        self._scope(tree.body, 0, "", in_class=False, in_function=False)
        calls = tuple(Call(callee, line, owner, deferred) for line, _, callee, owner, deferred in sorted(self.calls))
        return ModuleFacts(self.path, module, tuple(self.symbols), tuple(self.imports), calls, len(self.lines))

    def _scope(self, body: list[ast.stmt], owner: int, prefix: str, in_class: bool, in_function: bool) -> None:
        """Record what stands directly in one scope, then descend into the scopes that it defines."""
        inner: list[tuple[_Definition, int]] = []
        bound: dict[str, None] = {}
        stack: list[ast.AST] = list(reversed(body))
        while stack:
            node = stack.pop()
            if isinstance(node, _SCOPES):
                inner.append((node, self._definition(node, owner, prefix, in_class)))
                # Decorators, defaults, annotations and bases run in the scope around the definition.
                stack.extend(_outer_parts(node))
                continue
            if isinstance(node, ast.Call):
                self._call(node, owner, deferred=False)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node, owner)
                continue
            elif isinstance(node, ast.Lambda):
                for child in ast.walk(node.body):
                    if isinstance(child, ast.Call):
                        self._call(child, owner, deferred=True)
                continue
            elif in_function:
                bound.update(dict.fromkeys(_bound_names(node)))
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                self._variable(node, owner, prefix)
            elif type(node).__name__ == "TypeAlias":
                self._type_alias(node, owner, prefix)
            for value in node.__dict__.values():
                if type(value) is list:
                    for item in reversed(value):
                        if isinstance(item, ast.AST) and type(item) not in _LEAVES:
                            stack.append(item)
                elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
                    stack.append(value)
        if bound and self.symbols[owner].is_callable:
            self.symbols[owner] = replace(self.symbols[owner], local_names=tuple(sorted(bound)))
        for scope, index in inner:
            is_class = isinstance(scope, ast.ClassDef)
            below = self.symbols[index].qualname + "."
            self._scope(scope.body, index, below, in_class=is_class, in_function=in_function or not is_class)

    def _call(self, node: ast.Call, owner: int, deferred: bool) -> None:
        callee = _dotted(node.func)
        if callee:
            self.calls.append((node.lineno, node.col_offset, callee, owner, deferred))

    def _import(self, node: ast.Import | ast.ImportFrom, owner: int) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                bound = alias.asname or alias.name.partition(".")[0]
                self.imports.append(Import(alias.name, None, bound, 0, node.lineno, owner))
            else:
                bound = alias.asname or alias.name
                self.imports.append(Import(node.module or "", alias.name, bound, node.level, node.lineno, owner))

    def _definition(self, node: _Definition, owner: int, prefix: str, in_class: bool) -> int:
        decorators = tuple(self._text(d) for d in node.decorator_list)
        start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        parameters: tuple[Parameter, ...] = ()
        bases: tuple[str, ...] = ()
        returns = None
        if isinstance(node, ast.ClassDef):
            kind = "class"
            bases = tuple(self._text(b) for b in node.bases)
        else:
            kind = "method" if in_class else "function"
            if in_class and any(_is_property(d) for d in decorators):
                kind = "property"
            parameters = self._parameters(node.args)
            returns = None if node.returns is None else self._text(node.returns)
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        column = line.find(node.name, _column(line, node.col_offset) + 3)
        self.symbols.append(
            Symbol(
                node.name,
                prefix + node.name,
                kind,
                start,
                node.end_lineno or node.lineno,
                node.lineno,
                max(column, 0),
                owner,
                self._signature(node, parameters, returns),
                _docstring(node) or "",
                parameters,
                returns,
                decorators,
                bases,
                isinstance(node, ast.AsyncFunctionDef),
            )
        )
        return len(self.symbols) - 1

    def _variable(self, node: ast.Assign | ast.AnnAssign, owner: int, prefix: str) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [n for t in targets for n in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]
        annotation = self._text(node.annotation) if isinstance(node, ast.AnnAssign) else None
        for target in names:
            if not isinstance(target, ast.Name):
                continue
            kind = "constant" if _CONSTANT.match(target.id) else "variable"
            if annotation in ("TypeAlias", "typing.TypeAlias", "t.TypeAlias"):
                kind = "type_alias"
            self.symbols.append(self._binding(target.id, kind, node, target, owner, prefix, annotation))

    def _type_alias(self, node: ast.AST, owner: int, prefix: str) -> None:
        target = node.name  # type: ignore[attr-defined]
        self.symbols.append(self._binding(target.id, "type_alias", node, target, owner, prefix, None))

    def _binding(
        self, name: str, kind: str, node: ast.AST, target: ast.Name, owner: int, prefix: str, annotation: str | None
    ) -> Symbol:
        line = self.lines[target.lineno - 1]
        value = getattr(node, "value", None)
        text = self._text(value) if value is not None else ""
        signature = f"{name}: {annotation}" if annotation else name
        if text and len(text) <= 80:
            signature += f" = {text}"
        return Symbol(
            name, prefix + name, kind, node.lineno, node.end_lineno or node.lineno,  # type: ignore[attr-defined]
            target.lineno, _column(line, target.col_offset), owner, signature, returns=annotation,
        )  # fmt: skip

    def _signature(self, node: _Definition, parameters: tuple[Parameter, ...], returns: str | None) -> str:
        if isinstance(node, ast.ClassDef):
            bases = [self._text(b) for b in node.bases]
            bases += [f"{k.arg}={self._text(k.value)}" if k.arg else f"**{self._text(k.value)}" for k in node.keywords]
            return f"class {node.name}{_type_parameters(node)}" + (f"({', '.join(bases)})" if bases else "")
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        return f"{word} {node.name}{_type_parameters(node)}({_render(parameters)})" + (
            f" -> {returns}" if returns else ""
        )

    def _parameters(self, args: ast.arguments) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        positional = args.posonlyargs + args.args
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
        defaults += args.defaults
        for i, (arg, default) in enumerate(zip(positional, defaults, strict=True)):
            kind = "positional_only" if i < len(args.posonlyargs) else "positional"
            found.append(self._parameter(arg, kind, default))
        if args.vararg:
            found.append(self._parameter(args.vararg, "var_positional", None))
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            found.append(self._parameter(arg, "keyword_only", default))
        if args.kwarg:
            found.append(self._parameter(args.kwarg, "var_keyword", None))
        return tuple(found)

    def _parameter(self, arg: ast.arg, kind: str, default: ast.expr | None) -> Parameter:
        return Parameter(
            arg.arg,
            kind,
            self._text(arg.annotation) if arg.annotation is not None else None,
            self._text(default) if default is not None else None,
        )

    def _text(self, node: ast.expr) -> str:
        """An expression as it is written, on one line."""
        if type(node) is ast.Name:
            return node.id
        if node.lineno == node.end_lineno:
            line = self.lines[node.lineno - 1]
            if line.isascii():
                return line[node.col_offset : node.end_col_offset]
            return line.encode("utf-8", "surrogatepass")[node.col_offset : node.end_col_offset].decode(
                "utf-8", "replace"
            )
        try:
            return ast.unparse(node)
        except (RecursionError, ValueError):
            return "..."


def _type_parameters(node: _Definition) -> str:
    """`[T, *Ts]` of PEP 695; the attribute exists from Python 3.12 on."""
    found = getattr(node, "type_params", ())
    return f"[{', '.join(ast.unparse(p) for p in found)}]" if found else ""


def _bound_names(node: ast.AST) -> Iterator[str]:
    """The names that a statement or expression binds in its function, other than by def, class and import."""
    targets: list[ast.AST | None] = []
    if isinstance(node, ast.Assign):
        targets.extend(node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor, ast.comprehension, ast.NamedExpr)):
        targets.append(node.target)
    elif isinstance(node, ast.withitem):
        targets.append(node.optional_vars)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        if node.name:
            yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, (ast.Tuple, ast.List, ast.Starred)):
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _outer_parts(node: _Definition) -> list[ast.AST]:
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
    return [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]


def _render(parameters: tuple[Parameter, ...]) -> str:
    out: list[str] = []
    previous = ""
    for p in parameters:
        if previous == "positional_only" and p.kind != "positional_only":
            out.append("/")
        if p.kind == "keyword_only" and previous not in ("var_positional", "keyword_only"):
            out.append("*")
        mark = {"var_positional": "*", "var_keyword": "**"}.get(p.kind, "")
        text = mark + p.name + (f": {p.annotation}" if p.annotation else "")
        if p.default is not None:
            text += f" = {p.default}" if p.annotation else f"={p.default}"
        out.append(text)
        previous = p.kind
    if previous == "positional_only":
        out.append("/")
    return ", ".join(out)


def _dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of names; a chain that starts in another expression keeps its tail: `f().b` is `().b`."""
    parts: list[str] = []
    while type(node) is ast.Attribute:
        parts.append(node.attr)
        node = node.value
    if type(node) is ast.Name:
        parts.append(node.id)
    elif not parts:
        return ""
    else:
        parts.append("super()" if type(node) is ast.Call and _dotted(node.func) == "super" else "()")
    return ".".join(reversed(parts))


def _is_property(decorator: str) -> bool:
    head = decorator.partition("(")[0]
    last = head.rpartition(".")[2]
    return last in _PROPERTY or (last in ("setter", "getter", "deleter") and "." in head)


def _docstring(node: ast.Module | _Definition) -> str | None:
    if not node.body:
        return None
    first = node.body[0]
    if type(first) is ast.Expr and type(first.value) is ast.Constant and type(first.value.value) is str:
        return inspect.cleandoc(first.value.value)
    return None


def _column(line: str, byte_offset: int) -> int:
    """`ast` counts columns in UTF-8 bytes; everything else here counts code points."""
    if line.isascii():
        return byte_offset
    return len(line.encode("utf-8", "surrogatepass")[:byte_offset].decode("utf-8", "replace"))
