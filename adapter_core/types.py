"""The types that travel between packages: frozen, plain, free of any framework.

Lines are 1-based and inclusive; a line ends at LF, CRLF or CR and at nothing else. Columns are 0-based and counted in
Unicode code points. Paths are POSIX and relative to the workspace root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

from .errors import Cancelled


class CancelToken(Protocol):
    """Anything with `is_set()`: a `threading.Event` does."""

    def is_set(self) -> bool: ...


def is_cancelled(token: CancelToken | None) -> bool:
    return token is not None and token.is_set()


def check_cancelled(token: CancelToken | None, message: str = "Cancelled.") -> None:
    """Raises `Cancelled` where the token is set."""
    if is_cancelled(token):
        raise Cancelled(message)


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `start..end` of `path` in the workspace root named `root`."""

    root: str
    path: str
    start: int
    end: int

    def __str__(self) -> str:
        lines = str(self.start) if self.start == self.end else f"{self.start}-{self.end}"
        return f"{self.path}:{lines}"

    def overlaps(self, other: Span) -> bool:
        return (
            (self.root, self.path) == (other.root, other.path) and self.start <= other.end and other.start <= self.end
        )


class Parameter(NamedTuple):
    name: str
    kind: str  # positional_only | positional | var_positional | keyword_only | var_keyword
    annotation: str | None = None
    default: str | None = None


class Symbol(NamedTuple):
    """A named thing that a file defines.

    `qualname` is relative to the file (`Flask.route`); a module's is its dotted name. `start..end` are the lines of the
    definition, decorators included. `parent` is the index of the enclosing symbol in `ModuleFacts.symbols` (-1: none;
    entry 0 is the module itself). `conditional`: it is in an `if`, `try`, loop or `with` of its scope.
    """

    name: str
    qualname: str
    kind: str  # module | class | function | method | property | variable | constant | field | enum_member | type_alias | section
    start: int
    end: int
    name_line: int
    name_column: int
    parent: int = -1
    signature: str = ""
    docstring: str = ""
    parameters: tuple[Parameter, ...] = ()
    returns: str | None = None
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    is_async: bool = False
    local_names: tuple[str, ...] = ()  # names that a function binds by assignment, loops, `with`, `except` and the like
    conditional: bool = False
    is_generator: bool = False

    @property
    def is_callable(self) -> bool:
        return self.kind in ("function", "method", "property")

    @property
    def is_definition(self) -> bool:
        """Whether a `def` or `class` statement makes it."""
        return self.is_callable or self.kind == "class"

    @property
    def visibility(self) -> str:
        """ "public", "private" (one leading underscore, or two) or "special" (`__name__`)."""
        if self.name.startswith("__") and self.name.endswith("__") and len(self.name) > 4:
            return "special"
        return "private" if self.name.startswith("_") else "public"

    @property
    def traits(self) -> tuple[str, ...]:
        """The kinds of function that its decorators and keywords make it: async, static, class, abstract, overload, generator."""
        last = {d.partition("(")[0].rpartition(".")[2] for d in self.decorators}
        trait_decorators = [
            ("static", "staticmethod"),
            ("class", "classmethod"),
            ("abstract", "abstractmethod"),
            ("overload", "overload"),
        ]
        traits = [trait for trait, decorator in trait_decorators if decorator in last]
        if self.is_async:
            traits.insert(0, "async")
        if self.is_generator:
            traits.append("generator")
        return tuple(traits)


class Import(NamedTuple):
    """One bound name: `from module import name as alias`. `name` is None for `import module`; `*` for a star import.

    `level` counts the leading dots. `owner` is the index of the symbol whose scope contains the import. `conditional`: it is in an `if`,
    `try` or the like; `typing_only`: below `if TYPE_CHECKING`.
    """

    module: str
    name: str | None
    alias: str
    level: int
    line: int
    owner: int = 0
    conditional: bool = False
    typing_only: bool = False


class Call(NamedTuple):
    """A call as written. `callee` is its dotted text (`self.app.run`), with `()` or `[]` for parts that are no names (`f(x)[0].run` is
    `()[].run`). `owner` is the index of the symbol that contains it, `start:end` are the offsets of the whole call, arguments included,
    in the file's text.

    `form` is "" for a call expression; "lambda" for one in a lambda, which runs only when that is called; "decorator" for the call of a
    decorator, the value of the expression at `start:end`, with the definition below it.
    """

    callee: str
    line: int
    owner: int
    start: int
    end: int
    form: str = ""

    @property
    def deferred(self) -> bool:
        return self.form == "lambda"

    @property
    def name(self) -> str:
        return self.callee.rpartition(".")[2]


class Flow(NamedTuple):
    """A value that reaches a name: the expression at `start:end`, read in the scope of symbol `scope`, is bound in that of `owner`.

    `target` is a name, a dotted name (`self.app`), or, for an item of a container, the name of the container.
    `path` is the part of the value: "0.1" the second element of the first one; "*1:2" all elements from the second on except the last
    two. For an item it is the constant key, as `repr` writes it; for a lambda's parameter its number, "*" if it is
    starred. A `default` is bound to the parameter `target` of the function `owner`, and read in the enclosing scope.
    `declared`: by `global` or `nonlocal`, the name in `scope` is that of `owner`.
    `first:last` are the offsets to which the binding is limited: those of a comprehension or a lambda (0: not limited).
    """

    kind: str  # assign | annotation | for | with | except | item | return | yield | yield_from | lambda | default | declared
    owner: int
    scope: int
    target: str
    start: int
    end: int
    line: int
    path: str = ""
    conditional: bool = False
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with a file, for the user; it never stops indexing."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """The result of parsing one file. Facts are local to the file: links are made at query time. Those from the store create their rows on
    access (`graph.storage.columns`)."""

    path: str
    module: str
    symbols: Sequence[Symbol] = ()
    imports: Sequence[Import] = ()
    calls: Sequence[Call] = ()
    flows: Sequence[Flow] = ()
    line_count: int = 0
    problems: tuple[str, ...] = ()
    # The names in `__all__`, and the modules (dotted, as written) whose `__all__` is added to it; None: there is none. A "*" among the
    # modules: not all entries can be read from the text.
    exports: tuple[str, ...] | None = None
    exports_of: tuple[str, ...] = ()
    recovered: bool = False  # from a text that does not parse
    damaged: tuple[
        tuple[int, int], ...
    ] = ()  # of such a text, the first and last lines of what was not read as it stands


def called_names(calls: Iterable[tuple[str, str, int]]) -> list[str]:
    """The last name of the callee of each call, a (callee, form, start) of one file; for the decorator `@name(argument)` it is `name`."""
    names: list[str] = []
    by_start: dict[int, str] = {}
    for callee, form, start in calls:
        name = callee.rpartition(".")[2]
        if form == "decorator":
            name = by_start.get(start, name) if name == "()" else name
        else:
            by_start[start] = name
        names.append(name)
    return names


@dataclass(frozen=True, slots=True)
class SymbolRef:
    """A symbol together with the file that defines it."""

    root: str
    path: str
    module: str
    symbol: Symbol

    @property
    def span(self) -> Span:
        return Span(self.root, self.path, self.symbol.start, self.symbol.end)

    @property
    def full_name(self) -> str:
        return self.module if self.symbol.kind == "module" else f"{self.module}.{self.symbol.qualname}"


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call site: `callee` as written, in the scope `caller`.

    `targets` are the possible callees, as far as they can be inferred (for a constructor the class); `enters` the functions whose bodies
    run (its `__init__`). `resolved`: traced into the workspace, and not only matched by name. `external`: dotted names outside
    the workspace to which it was traced instead. `deferred`: it is in a lambda. `direct`: the callee is a defined or imported name, or an
    attribute of `self`, of an annotated parameter, or of a variable that is bound once to the result of a call. `open`: there may be
    further targets that cannot be inferred. `implicit` is "" for an explicit call, and else the construct that makes it:
    with | get | set | delete | operator | compare | subscript | iterate | truth | format | hash | await | class | construct | raise |
    built-in (`len(x)`). `callee` is then the value with the method that runs (`self.lock.__enter__`), or the attribute.
    """

    span: Span
    caller: SymbolRef | None
    callee: str
    resolved: bool
    targets: tuple[SymbolRef, ...] = ()
    enters: tuple[SymbolRef, ...] = ()
    external: tuple[str, ...] = ()
    deferred: bool = False
    direct: bool = False
    open: bool = False
    implicit: str = ""

    @property
    def sure(self) -> bool:
        """Whether it is traced to exactly one definition, by names alone, and cannot be anything else."""
        return self.direct and self.resolved and len(self.targets) == 1 and not self.external and not self.open


@dataclass(frozen=True, slots=True)
class Reference:
    """A place where a symbol is named. `kind`: call | read | write | import | base | decorator | annotation | definition | text."""

    span: Span
    column: int
    kind: str
    owner: SymbolRef | None
    line_text: str = ""


@dataclass(frozen=True, slots=True)
class TestLink:
    """A test that exercises a symbol or module: its pytest id without parameters, its lines, the reasons, and `distance`, the number of
    calls to it (9: matched by name only). `via`: the lines of these calls, the test's own first. `likely`: the probability, 0 to 1, that
    the test runs it, as `graph.testing.likelihood` estimates it from the text; not estimated for modules. `guessed`: some step of the path
    is no call in the text (external code may make it), so that it may not exist. `uncertain`: some call of it is under a condition, or
    may lead elsewhere: its target is known by inferred types only, or there are several (`CallSite.sure`)."""

    __test__: ClassVar[bool] = False  # for pytest, which takes it for a test class

    node_id: str
    span: Span
    why: tuple[str, ...]
    distance: int = 1
    via: tuple[Span, ...] = ()
    likely: float = 0.5
    guessed: bool = False
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that may be incomplete; `reason` then says why."""

    items: tuple[Any, ...]
    complete: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span worth reading for a question. `text` holds its real lines, `sha256` their hash, `why` the reasons for its rank."""

    span: Span
    text: str
    sha256: str
    symbol: str
    kind: str
    score: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidencePack:
    """Evidence as the model reads it: `[n] path:start-end` blocks of real lines, within a token budget."""

    text: str
    evidence: tuple[Evidence, ...]
    tokens: int
    omitted: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A span cited by a sentence, and the results of its checks: it exists, its lines are current, they support the sentence."""

    span: Span
    sha256: str
    resolves: bool = False
    fresh: bool = False
    supports: bool = False

    @property
    def verified(self) -> bool:
        return self.resolves and self.fresh and self.supports


STEP_SEPARATOR = "; "


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer and its citations. `kind` is "composed" (compiled from facts) or "phrased" (by the model). `steps`: what
    it lists at the end of `text`, each for a line of its own: "(1) …", "(2) …", or statements, branches or lines of code; empty if it lists
    none."""

    text: str
    kind: str
    citations: tuple[Citation, ...]
    steps: tuple[str, ...] = ()

    @property
    def lead(self) -> str:
        """The text before the steps, or all of it, for output that puts each step on its own line."""
        return self.text[: -len(STEP_SEPARATOR.join(self.steps))].rstrip() if self.steps else self.text


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that was removed from an answer, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """The sources of an answer. None: unknown, or not used."""

    commit: str | None = None
    tree: str | None = None
    dirty: bool | None = None
    model: str | None = None
    adapter: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`found` is False when nothing in the workspace supports an answer; `text` then names the nearest symbols."""

    question: str
    text: str
    claims: tuple[Claim, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    found: bool = True
    complete: bool = True
    reason: str = ""
    provenance: Provenance = field(default_factory=Provenance)
    metrics: dict[str, Any] = field(default_factory=dict)


# Called with an event's name and value while an answer is made; see `answers.runner`.
EventSink = Callable[[str, Any], None]
