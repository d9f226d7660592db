"""The types that travel between packages: frozen, plain, free of any framework.

Lines are 1-based and inclusive; a line ends at LF, CRLF or CR and at nothing else. Columns are 0-based and counted in
Unicode code points. Paths are POSIX and relative to the workspace root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


class CancelToken(Protocol):
    """Anything with `is_set()`: a `threading.Event` does."""

    def is_set(self) -> bool: ...


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


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: str  # positional_only | positional | var_positional | keyword_only | var_keyword
    annotation: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named thing that a file defines.

    `qualname` is relative to the file (`Flask.route`); a module's is its dotted name. `start..end` are the lines of the
    definition, decorators included. `parent` is the index of the enclosing symbol in `ModuleFacts.symbols` (-1: none;
    entry 0 is the module itself).
    """

    name: str
    qualname: str
    kind: str  # module | class | function | method | property | variable | constant | type_alias | section
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

    @property
    def is_callable(self) -> bool:
        return self.kind in ("function", "method", "property")


@dataclass(frozen=True, slots=True)
class Import:
    """One bound name: `from module import name as alias`. `name` is None for `import module`; `*` for a star import.

    `level` counts the leading dots. `owner` is the symbol index in whose scope the import stands.
    """

    module: str
    name: str | None
    alias: str
    level: int
    line: int
    owner: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A call as written: `callee` is the dotted text (`self.app.run`), `owner` the symbol index that contains it.

    `deferred`: it stands in a lambda, and runs when that is called, if ever.
    """

    callee: str
    line: int
    owner: int
    deferred: bool = False

    @property
    def name(self) -> str:
        return self.callee.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a file that the user may want to know; it never stops the index."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """What one parse of one file yields. Facts are local to the file: links are made at query time."""

    path: str
    module: str
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()
    line_count: int = 0
    problems: tuple[str, ...] = ()


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
    """A place where something is called. `resolved` says whether the callee was traced to one definition or only matched by name."""

    span: Span
    caller: SymbolRef | None
    callee: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that may be partial, and then says why."""

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
    """A span beside a sentence, and what was checked about it: it exists, its lines are the current ones, they support the sentence."""

    span: Span
    sha256: str
    resolves: bool = False
    fresh: bool = False
    supports: bool = False

    @property
    def verified(self) -> bool:
        return self.resolves and self.fresh and self.supports


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer and the lines it rests on. `kind` is "composed" (compiled from facts) or "phrased" (by the model)."""

    text: str
    kind: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that is not shown, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an answer was made from. None: unknown, or not used."""

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


# Called with the name of an event and its value while an answer is made; see `answers.runner`.
EventSink = Callable[[str, Any], None]
