"""How a project is laid out, for who sees it for the first time: what it is for, what is written about its layout, then its main packages
and modules, each with a sentence of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from ...code_graph import CodeGraph, is_test_path
from ...evidence.project_overview import architecture_documents, front_pages, introductions, main_parts, top_packages
from ...evidence.project_questions import ASKING_WORDS, asks_layout, asks_main_parts
from ...evidence.search_index import SearchIndex
from ...graph import terms
from ...types import Citation
from ..inert import code, prose
from .candidate import Candidate, SentenceBuilder, join_list
from .definitions import EXCEPTION_NAMES, content_sentence, export_sentence
from .documentation.quotation import quoted_in
from .documentation.quoted_docs import quote_docstring, quote_module_docstring
from .documentation.sections import section_quotes
from .links.imports import module_name

MAX_SENTENCES = 11
_MAX_PARTS, _MAX_LOOKED_AT = 7, 40
_MAX_ABOUT_LAYOUT = 3
_MAX_MODULES = 8  # of a package
_MAX_PACKAGES = 2
_SECONDS = 1.0
_WITH_PURPOSE = re.compile(
    r"\bwhat(?:'s| is| are)? (?:this|the|it|our)\b.*\bfor\b|\bpurpose\b|\boverview\b|\barchitecture\b", re.I
)
_LAYOUT_TITLE = re.compile(
    r"\W*(?:(?:repository|project|code(?:base)?|source|package|directory|folder) )?(?:layout|structure|organi[sz]ation|architecture|map|"
    r"overview|tour)\b|\W*(?:how it works|where (?:things|everything) (?:is|are|lives?))",
    re.I,
)
_GUIDE_FILE = re.compile(r"(?:contributing|agents|claude|hacking|development|developers?|internals)\.\w+", re.I)
# Of a project: "Shop is a library that …"; and what stands above that in many a README.
_SAYS_WHAT = re.compile(
    r"\b(?:is|are) (?:an?|the|one)\b|\b(?:provides?|lets|allows?|helps?|implements?|offers?|makes?)\b|\A\W*An? ", re.I
)
_IS_A = re.compile(r"\W*(?!this\b|it\b|there\b|the\b)(?:[\w.()/`*-]+ ){1,6}(?:is|are) (?:an?|the|one)\b", re.I)
_NOTICE = re.compile(
    r"\b(?:refer to|see also|documentation|maintenance|maintained|warning|deprecated|version|install\w*|licen[cs]e\w*|copyright|badge|"
    r"changelog|sponsor\w*|donat\w*|download\w*)\b",
    re.I,
)
_OF_A_LICENSE = re.compile(r"\b(?:copyright|licen[cs]ed?|all rights reserved|SPDX)\b|\(c\)", re.I)
_OF_AN_ERROR = re.compile(r"\W*(?:raised|thrown|an? (?:error|exception)|exception)\b", re.I)
_DESCRIPTION = re.compile(r"description\s*=\s*[\"'][^\"']{10,200}[\"']\s*\Z")
_PARTS = re.compile(
    r"The package `(?P<package>[\w.]+)` has the parts (?P<parts>`\w+`(?:(?:, | and )`\w+`)*)(?:, among others)?\."
)


def layout_sentences(graph: CodeGraph, question: str) -> list[Candidate]:
    """The sentences in the order in which they are read; each has a subject of its own, so that none stands for another. Only what the
    project is for, if the question does not ask for more."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        with graph.within(_SECONDS):
            found = list(_sentences(graph, index, question) if asks_layout(question) else _purpose(graph, index))
    unique = {item.text: item for item in found}
    return [
        replace(item, kind="listing", subject=f"{item.spans[0][0]}:{item.spans[0][1]}", order=order, named=True)
        for order, item in enumerate(list(unique.values())[:MAX_SENTENCES])
    ]


def _sentences(graph: CodeGraph, index: SearchIndex, question: str) -> Iterator[Candidate]:
    if not asks_main_parts(question) or _WITH_PURPOSE.search(question):
        yield from _purpose(graph, index)
        yield from _written_about_layout(graph, index)
    packages = top_packages(index)[:_MAX_PACKAGES]
    for path in packages:
        yield from _about(graph, path, with_exports=True)
    parts = [_package_of(graph, path, packages) for path in main_parts(graph, index, _MAX_LOOKED_AT)]
    asked = set(terms.terms_of(question)) - {terms.stem(word) for word in ASKING_WORDS}
    for path in sorted(parts, key=lambda p: asked.isdisjoint(terms.terms_of(_name_of(p))))[:_MAX_PARTS]:
        if path not in packages:
            yield from _about(graph, path)


def _name_of(path: str) -> str:
    """The name of the module or package of a file."""
    parts = PurePosixPath(path.removesuffix("/__init__.py")).parts
    return parts[-1].removesuffix(".py")


def _purpose(graph: CodeGraph, index: SearchIndex) -> Iterator[Candidate]:
    """The first sentence of the README that says what the project is, else its description in `pyproject.toml`, else what comes first."""
    quotes: list[Candidate] = []
    for path in front_pages(index)[:1]:
        facts = graph.facts(path)
        for number in introductions(graph, facts) if facts is not None else ():
            quotes += section_quotes(graph, facts, number) if facts is not None else ()
    names_it = [q for q in quotes if _IS_A.match(quoted_in(q))]
    plain = [q for q in quotes if not _NOTICE.search(quoted_in(q))]
    says_what = [q for q in plain if _SAYS_WHAT.search(quoted_in(q))]
    yield from (names_it or _described(graph) or says_what or plain or quotes)[:1]


def _described(graph: CodeGraph) -> list[Candidate]:
    document = graph.document("pyproject.toml")
    for number, line in enumerate(document.lines if document is not None else (), 1):
        if _DESCRIPTION.match(line.strip()):
            text = f"{code('pyproject.toml')}: “{prose(line.strip())}”"
            return [Candidate(text, "text", (("pyproject.toml", number, number),), "", 0, 0)]
    return []


def _written_about_layout(graph: CodeGraph, index: SearchIndex) -> Iterator[Candidate]:
    """The first sentences of documents and sections on how the project is built."""
    found: list[Candidate] = []
    for path in architecture_documents(index):
        facts = graph.facts(path)
        for number in introductions(graph, facts)[:1] if facts is not None else ():
            found += section_quotes(graph, facts, number)[:2] if facts is not None else ()
    for path in (p for p in index.paths if "/" not in p and _GUIDE_FILE.fullmatch(p)):
        facts = graph.facts(path)
        for number, symbol in enumerate(facts.symbols if facts is not None else ()):
            if facts is not None and symbol.kind == "section" and _LAYOUT_TITLE.match(symbol.name):
                found += section_quotes(graph, facts, number)[:_MAX_ABOUT_LAYOUT]
    yield from [q for q in found if not _IS_A.match(quoted_in(q))][:_MAX_ABOUT_LAYOUT]


def _about(graph: CodeGraph, path: str, with_exports: bool = False) -> Iterator[Candidate]:
    """One sentence about a module or package: what it says of itself, else what it exports, has or defines."""
    facts, document = graph.facts(path), graph.document(path)
    if facts is None or document is None:
        return
    builder = SentenceBuilder(facts, 0, 0)
    quotes = (q for q in quote_module_docstring(builder, document.lines, {}) if not _OF_A_LICENSE.search(q.text))
    said = list(quotes)[:1]
    yield from said
    if with_exports:
        yield from export_sentence(builder)
    elif not said:
        yield from (
            list(parts_sentence(graph, builder)) or _main_class(builder, document.lines) or content_sentence(builder)
        )


def _main_class(builder: SentenceBuilder, lines: list[str]) -> list[Candidate]:
    """What the public class of a module says of itself, if there is one besides exceptions; else nothing."""
    facts = builder.facts
    public = [
        (number, s)
        for number, s in enumerate(facts.symbols)
        if s.parent == 0 and s.kind == "class" and not s.name.startswith("_") and not s.name.endswith(EXCEPTION_NAMES)
    ]
    if len(public) != 1:
        return []
    quotes = quote_docstring(SentenceBuilder(facts, public[0][0], 0), lines, {}, False)
    return [quote for quote in quotes if quote.kind == "doc" and not _OF_AN_ERROR.match(quoted_in(quote))][:1]


def _package_of(graph: CodeGraph, path: str, packages: list[str]) -> str:
    """The file of the package that a module stands for, if it is not right in a top-level one."""
    for package in packages:
        folder = package.removesuffix("__init__.py")
        if path.startswith(folder) and "/" in (inside := path.removeprefix(folder)):
            own = f"{folder}{inside.partition('/')[0]}/__init__.py"
            says_more = path.endswith("/__init__.py") or len(_parts_of(graph, own)) > 1
            return own if graph.facts(own) is not None and says_more else path
    return path


def parts_sentence(graph: CodeGraph, builder: SentenceBuilder) -> Iterator[Candidate]:
    """ "The package `shop.depot` has the parts `shelves` and `stock`." """
    parts = _parts_of(graph, builder.path) if builder.path.endswith("/__init__.py") else {}
    if parts:
        listed = dict(list(parts.items())[:_MAX_MODULES])
        others = ", among others" if len(parts) > len(listed) else ""
        name = code(module_name(builder.facts.module, builder.path))
        text = f"The package {name} has the parts {join_list([code(part) for part in listed])}{others}."
        if len(listed) > 1:
            yield builder.sentence_at("contents", text, *((path, 1, 1) for path in listed.values()))


def _parts_of(graph: CodeGraph, package: str) -> dict[str, str]:
    """The public modules and packages right in a package, by name, each with a file that is not empty; the private ones if there are no
    others."""
    folder = package.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    files: dict[str, list[str]] = {}
    for row in graph.store.files():
        if row.path.startswith(prefix) and row.path.endswith(".py") and not is_test_path(row.path):
            inside = row.path[len(prefix) :].partition("/")[0]
            files.setdefault(inside.removesuffix(".py"), []).append(row.path)
    has_public = any(not name.startswith("_") for name in files)
    found: dict[str, str] = {}
    for name, paths in sorted(files.items()):
        ordered = sorted(paths, key=lambda p: (p.count("/"), not p.endswith("/__init__.py"), p))
        documents = (graph.document(path) for path in ordered[:_MAX_MODULES] if _is_told(name, has_public))
        shown = next((d.path for d in documents if d is not None and d.text.strip()), None)
        if shown is not None:
            found[name] = shown
    return found


def _is_told(name: str, has_public: bool) -> bool:
    return not name.startswith("__") and not (has_public and name.startswith("_"))


def parts_hold(sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether each part of a package that a sentence lists is a cited file in its folder; None for a sentence of another form."""
    match = _PARTS.fullmatch(sentence.strip())
    if match is None:
        return None
    folder = f"/{match['package'].replace('.', '/')}"
    paths = [f"/{citation.span.path}" for citation in citations]
    return all(
        any(path.endswith(f"{folder}/{name}.py") or f"{folder}/{name}/" in path for path in paths)
        for name in re.findall(r"`(\w+)`", match["parts"])
    )
