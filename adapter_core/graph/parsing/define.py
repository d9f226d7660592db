"""One definition or binding to a `Symbol`: its span, the position of its name, its signature as text and as parameters."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping

from ...types import Parameter, Symbol
from .newer import Older

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_TYPE_NAME = re.compile(r"[\[,]\s*\**([^\W\d]\w*)")
_BEFORE_NAME = re.compile(r"(?:(?:async|def|class)\b|[ \t\f]+|\\\Z)*")
_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]*\Z")
_PROPERTY = frozenset({"property", "cached_property", "abstractproperty"})
_ALIAS = frozenset({"TypeAlias", "typing.TypeAlias", "t.TypeAlias", "typing_extensions.TypeAlias"})
# By name alone: what a class is built on is known only once files are linked, and these names are what people call them.
_ENUM = re.compile(r"(?:^|\.)(?:\w*Enum|\w*Flag|\w*Choices)$")
_RECORD = re.compile(r"(?:^|\.)(?:NamedTuple|TypedDict|BaseModel|Struct)$")
_RECORD_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
_MAX_VALUE = 80


class Definer:
    """Creates the symbols of one file. `parsed`: the lines that were parsed in place of its `lines`; `shifts`: by how many columns the
    code of a parsed line is further to the right."""

    def __init__(self, lines: list[str], parsed: list[str], shifts: Mapping[int, int], older: Older | None) -> None:
        self.lines = lines
        self._parsed = parsed
        self._shifts = shifts
        self._older = older
        self._members: dict[int, str] = {}  # class symbol's name line -> the kind of its annotated or assigned members

    def definition(self, node: Definition, owner: int, prefix: str, in_class: bool) -> Symbol:
        decorators = tuple([self.text(d) for d in node.decorator_list])
        start = min([node.lineno, *(d.lineno for d in node.decorator_list)]) if decorators else node.lineno
        parameters: tuple[Parameter, ...] = ()
        bases: tuple[str, ...] = ()
        returns = None
        if type(node) is ast.ClassDef:
            kind = "class"
            bases = tuple([self.text(b) for b in node.bases])
            self._record_kind(node, bases, decorators)
        else:
            kind = "method" if in_class else "function"
            if in_class and decorators and any(_is_property(d) for d in decorators):
                kind = "property"
            parameters = self._parameters(node.args)  # type: ignore[union-attr]
            returns = None if node.returns is None else self.text(node.returns)  # type: ignore[union-attr]
        name_line, name_column = self._name_place(node)
        return Symbol(
            node.name,
            prefix + node.name,
            kind,
            start,
            node.end_lineno or node.lineno,
            name_line,
            name_column,
            owner,
            self._signature(node, parameters, bases, returns),
            docstring_of(node),
            parameters,
            returns,
            decorators,
            bases,
            type(node) is ast.AsyncFunctionDef,
        )

    def binding(
        self,
        name: str,
        kind: str,
        node: ast.AST,
        target: ast.expr,
        owner: int,
        prefix: str,
        annotation: ast.expr | None,
        conditional: bool,
        class_line: int = 0,
        path: str = "",
    ) -> Symbol:
        """A name bound at module or class level; an empty `kind` is determined here. `class_line` is the line of the class's name (0:
        none); `path` says which part of the value it gets ("": all)."""
        annotation_text = self.text(annotation) if annotation is not None else None
        if not kind:
            kind = self._binding_kind(name, annotation_text, class_line, getattr(node, "value", None) is not None)
        value = None if path else getattr(node, "value", None)
        text = self.text(value) if value is not None and _is_short(value) else ""
        signature = f"{name}: {annotation_text}" if annotation_text else name
        if text and len(text) <= _MAX_VALUE:
            signature += f" = {text}"
        return Symbol(
            name, prefix + name, kind, node.lineno, node.end_lineno or node.lineno,  # type: ignore[attr-defined]
            target.lineno, self._column(target.lineno, target.col_offset), owner, signature,
            returns=annotation_text, conditional=conditional,
        )  # fmt: skip

    def _name_place(self, node: Definition) -> tuple[int, int]:
        """Line and column of the name after `def` or `class`; there may be backslashes between."""
        number = node.lineno
        column = column_of(self._parsed[number - 1], node.col_offset)
        while (match := _BEFORE_NAME.match(self._parsed[number - 1], column)) and match.end() == len(
            self._parsed[number - 1]
        ):
            number, column = number + 1, 0
        return number, (match.end() if match else column) - self._shifts.get(number, 0)

    def _column(self, number: int, byte_offset: int) -> int:
        """The column in the file for a position in the tree."""
        return column_of(self._parsed[number - 1], byte_offset) - self._shifts.get(number, 0)

    def _binding_kind(self, name: str, annotation: str | None, class_line: int, has_value: bool) -> str:
        if annotation in _ALIAS:
            return "type_alias"
        member = self._members.get(class_line) if class_line else None
        hidden = name.startswith("__") or (name.startswith("_") and name.endswith("_"))
        if member == "enum_member" and has_value and not hidden:
            return member
        if member == "field" and annotation is not None and "ClassVar" not in annotation:
            return member
        return "constant" if _CONSTANT.match(name) else "variable"

    def _record_kind(self, node: ast.ClassDef, bases: tuple[str, ...], decorators: tuple[str, ...]) -> None:
        if any(_ENUM.search(b) for b in bases):
            self._members[node.lineno] = "enum_member"
        elif any(_RECORD.search(b) for b in bases) or any(
            d.partition("(")[0].rpartition(".")[2] in _RECORD_DECORATORS for d in decorators
        ):
            self._members[node.lineno] = "field"

    def _signature(
        self, node: Definition, parameters: tuple[Parameter, ...], bases: tuple[str, ...], returns: str | None
    ) -> str:
        if type(node) is ast.ClassDef:
            keywords = [f"{k.arg}={self.text(k.value)}" if k.arg else f"**{self.text(k.value)}" for k in node.keywords]
            inside = ", ".join([*bases, *keywords])
            return f"class {node.name}{self._type_parameters(node)}" + (f"({inside})" if inside else "")
        word = "async def" if type(node) is ast.AsyncFunctionDef else "def"
        return f"{word} {node.name}{self._type_parameters(node)}({_render(parameters)})" + (
            f" -> {returns}" if returns else ""
        )

    def _type_parameters(self, node: Definition) -> str:
        """`[T, *Ts]` of PEP 695; the attribute exists from Python 3.12 on, for older versions the text was saved."""
        found = getattr(node, "type_params", ())
        if found:
            return f"[{', '.join(ast.unparse(p) for p in found)}]"
        return self._older.parameters.get(node.lineno, "") if self._older is not None else ""

    def type_names(self, node: Definition) -> list[str]:
        """The names of its type parameters."""
        return _TYPE_NAME.findall(self._type_parameters(node))

    def _parameters(self, args: ast.arguments) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        positional = args.posonlyargs + args.args
        first_default = len(positional) - len(args.defaults)
        first_plain = len(args.posonlyargs)
        for i, arg in enumerate(positional):
            default = args.defaults[i - first_default] if i >= first_default else None
            found.append(self._parameter(arg, "positional_only" if i < first_plain else "positional", default))
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
            self.text(arg.annotation) if arg.annotation is not None else None,
            self.text(default) if default is not None else None,
        )

    def text(self, node: ast.expr) -> str:
        """An expression as written, on one line."""
        if type(node) is ast.Name:
            return node.id
        first, last = node.lineno, node.end_lineno
        if first == last:
            line = self._parsed[first - 1]
            start, end = node.col_offset, node.end_col_offset or 0
            if not line.isascii():
                start, end = column_of(line, start), column_of(line, end)
            if self._shifts:
                start, end = (column - self._shifts.get(first, 0) for column in (start, end))
            return self.lines[first - 1][start:end]
        try:
            return ast.unparse(node)
        except (RecursionError, ValueError):
            return "..."


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of names. Other parts of a chain are `()` or `[]`: `f(x)[0].b` is `()[].b`; other roots are `()`."""
    kind = type(node)
    if kind is ast.Name:
        return node.id  # type: ignore[attr-defined]
    parts: list[str] = []
    while True:
        if kind is ast.Attribute:
            parts.append("." + node.attr)  # type: ignore[attr-defined]
            node = node.value  # type: ignore[attr-defined]
        elif kind is ast.Name:
            parts.append(node.id)  # type: ignore[attr-defined]
            break
        elif kind is ast.Subscript:
            parts.append("[]")
            node = node.value  # type: ignore[attr-defined]
        elif kind is ast.Call and type(node.func) is ast.Name and node.func.id == "super":  # type: ignore[attr-defined]
            parts.append("super()")
            break
        else:
            parts.append("()")
            break
        kind = type(node)
    parts.reverse()
    return "".join(parts)


def docstring_of(node: ast.Module | Definition) -> str:
    if not node.body:
        return ""
    first = node.body[0]
    if type(first) is ast.Expr and type(first.value) is ast.Constant and type(first.value.value) is str:
        text = first.value.value
        return inspect.cleandoc(text) if "\n" in text or text[:1].isspace() else text
    return ""


def column_of(line: str, byte_offset: int) -> int:
    """`ast` counts columns in UTF-8 bytes; everything else here counts code points."""
    if line.isascii():
        return byte_offset
    return len(line.encode("utf-8", "surrogatepass")[:byte_offset].decode("utf-8", "replace"))


def _is_short(value: ast.expr) -> bool:
    # Only what could fit is worth slicing, and unparsing what stands on several lines is slow.
    return (value.end_lineno or value.lineno) - value.lineno <= 2


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


def _is_property(decorator: str) -> bool:
    head = decorator.partition("(")[0]
    last = head.rpartition(".")[2]
    return last in _PROPERTY or (last in ("setter", "getter", "deleter") and "." in head)
