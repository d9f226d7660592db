"""The options that a command takes: one sentence for each that its module declares, with flags, default and help."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ....code_graph import CodeGraph, is_test_path
from ....evidence.ranking import is_aside
from ....graph.finding.lookup import scope_at
from ....types import Citation
from ...citations import are_within, spans_of
from ...inert import code, prose
from ..candidate import Candidate, join_list, scope_name
from .declarations import declared_in
from .declared import PLACES, Declared
from .quotable import Lines

_THINGS = r"(?:(?:command[- ]?line|cli|cmd(?:line)?) )?(?:options?|flags?|arguments?|args|switch(?:es)?|parameters?)"
_KIND = r"(?:command|script|tool|program|cli)"
_COMMAND = rf"(?:the )?(?:{_KIND} |[\w-]+ )??[`\"']?(?P<{{}}>[A-Za-z][\w.-]*[A-Za-z0-9])[`\"']?(?: {_KIND})?"
_TAKE = r"(?:take|have|accept|support|understand|offer|provide|expect|define|get)s?"
_ASKED = re.compile(
    r"\W*(?:"
    rf"(?:what|which) (?:are (?:all )?(?:the )?)?{_THINGS} (?:does|do|can|could|will) {_COMMAND.format('a')} {_TAKE}"
    rf"|(?:what|which) {_THINGS} (?:are there|exist|can (?:i|you|we|one) (?:pass|give|use)|are (?:available|accepted|supported))"
    rf"(?: (?:for|to|with|in|by))? {_COMMAND.format('b')}"
    rf"|(?:what are|list|show|name)(?: me)?(?: all)?(?: of)?(?: the)? {_THINGS} (?:of|for|to|that) {_COMMAND.format('c')}"
    rf"(?: {_TAKE})?"
    rf"|(?:what|which) (?:can|could|may) (?:i|you|we|one) pass to {_COMMAND.format('d')} on the command[- ]line"
    rf"|(?:what|which) {_THINGS} (?:of|for) {_COMMAND.format('e')} (?:are there|exist)"
    r")\W*\Z",
    re.I,
)
_MAX_CHARS = 300
MAX_OPTIONS = 16  # that are told one by one
_MAX_FURTHER = 12  # that are listed
_SCRIPT = r"^\s*[\"']?{name}[\"']?\s*=\s*[\"']?(?P<target>[\w.]+:[\w.]+)"
_SCRIPT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_FORM = re.compile(rf"`(?P<name>[^`]+)` {PLACES} `[^`]+`[^“”]*; its (?:help|documentation|comment) says: “[^“”]+”")
_WITHOUT_HELP = re.compile(rf"`(?P<name>[^`]+)` {PLACES} `[^`]+`[^“”;]*\.")
_FURTHER = re.compile(
    r"`(?P<scope>[^`]+)` declares (?P<names>`[^`]+`(?:, `[^`]+`)*(?: and `[^`]+`)?)(?:, among others)?, too\."
)


class Command(NamedTuple):
    """`path`: of the module that declares its options. `script`: file and line that say which module that is; None if its name does."""

    path: str
    script: tuple[str, int] | None


def command_asked_for_options(question: str) -> str:
    """The command whose options a question asks for; "" for other questions."""
    match = _ASKED.match(question) if len(question) <= _MAX_CHARS else None
    return next((name for name in match.groups() if name), "") if match is not None else ""


def command_option_sentences(graph: CodeGraph, question: str) -> Iterator[Candidate]:
    """What runs the command, and each of its options; nothing where the name is no command or no options are declared."""
    name = command_asked_for_options(question)
    command = _command(graph, name) if name else None
    options = _options(graph, command.path) if command is not None else []
    if command is None or not options:
        return
    if command.script is not None:
        path, number = command.script
        document = graph.document(path)
        line = document.lines[number - 1].strip() if document is not None else ""
        yield Candidate(
            f"{code(path)}: “{prose(line)}”", "listing", ((path, number, number),), f"{path}:1", 0, -1, True
        )
    for rank, one in enumerate(options[:MAX_OPTIONS], 1):
        text, lines = option_sentence(graph, command.path, one)
        spans = tuple((command.path, *span) for span in lines)
        yield Candidate(text, "listing", spans, f"{command.path}:{one.start}", rank, -1, named=True)
    for item in further_options(graph, command.path, options[MAX_OPTIONS:]):
        yield replace(item, rank=MAX_OPTIONS + 1)


def further_options(graph: CodeGraph, path: str, options: Sequence[Declared]) -> Iterator[Candidate]:
    """ "`f` declares `--a`, `--b` and `--c`, among others, too." """
    if not options:
        return
    scope = scope_of(graph, path, options[0])
    listed = [one for one in options if scope_of(graph, path, one) == scope][:_MAX_FURTHER]
    others = ", among others" if len(options) > len(listed) else ""
    text = f"{code(scope)} declares {join_list([code(one.names[0]) for one in listed])}{others}, too."
    spans = tuple((path, *span) for one in listed for span in one.shown)
    yield Candidate(text, "listing", spans, f"{path}:{options[0].start}", 0, -1, named=True)


def is_command(graph: CodeGraph, name: str) -> bool:
    """Whether a name is that of a command whose options are known."""
    return bool(name) and _command(graph, name) is not None


def _command(graph: CodeGraph, name: str) -> Command | None:
    """The module that the entry points of a package give to a command, else the one that is called like it."""
    for path in _SCRIPT_FILES:
        document = graph.document(path)
        match = re.search(_SCRIPT.format(name=re.escape(name)), document.text, re.M) if document is not None else None
        if match is None or document is None:
            continue
        module, _, function = match["target"].partition(":")
        refs = [ref for ref in graph.find_symbol(f"{module}.{function}") if not is_test_path(ref.path)]
        home = refs[0].path if refs else graph.file_for_module(module)
        if home is not None:
            return Command(home, (path, document.text.count("\n", 0, match.start("target")) + 1))
    wanted = name.replace("-", "_").removesuffix(".py")
    modules = [ref for ref in graph.find_symbol(wanted) if ref.symbol.kind == "module" and not is_test_path(ref.path)]
    paths = sorted({ref.path for ref in modules if ref.path.rpartition("/")[2] == f"{wanted}.py"}, key=is_aside)
    # A module of the package may be no command, which declares options.
    return next((Command(path, None) for path in paths if _options(graph, path)), None)


def _options(graph: CodeGraph, path: str) -> list[Declared]:
    document = graph.document(path)
    if document is None:
        return []
    return [
        one
        for one in declared_in(document.text, path)
        if one.names[0].startswith("-") or "add_argument" in document.lines[one.start - 1]
    ]


def option_sentence(graph: CodeGraph, path: str, one: Declared) -> tuple[str, tuple[Lines, ...]]:
    """ "`-p` is declared in `main`, also as `--prec`, with the default `12`; its help says: “…”", and the lines that show it."""
    flags = [flag for flag in one.names[1:] if flag.startswith("-")]
    parts = [f"{code(one.names[0])} {one.said} {code(scope_of(graph, path, one))}"]
    parts += [f"also as {join_list(list(map(code, flags)))}"] if flags else []
    parts += [f"with the default {code(one.default)}"] if one.default else []
    text = ", ".join(parts)
    if not one.quoted:
        return f"{text}.", one.shown
    shown = [lines for lines in one.shown if not any(a <= lines[0] and lines[1] <= b for a, b in one.help_shown)]
    return f"{text}; its {one.word} says: “{one.quoted}”", (*shown, *one.help_shown)


def scope_of(graph: CodeGraph, path: str, one: Declared) -> str:
    """The name of the table, class or function that declares it; of a module its dotted name."""
    facts = graph.facts(path)
    if facts is None or one.holder:
        return one.holder or path
    return scope_name(graph.ref(facts, scope_at(facts, one.bound_in or one.start)))


def command_option_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether the cited lines declare an option so, or all of these; None for a sentence of another form."""
    text = sentence.strip()
    further, without_help = _FURTHER.fullmatch(text), _WITHOUT_HELP.fullmatch(text)
    if further is None and without_help is None and _FORM.fullmatch(text) is None:
        return None
    spans = spans_of(citations)
    documents = ((path, graph.document(path)) for path in dict.fromkeys(path for path, _, _ in spans))
    cited_options = [
        (path, one)
        for path, document in documents
        for one in (declared_in(document.text, path) if document is not None else ())
        if are_within([(path, *lines) for lines in one.shown], spans)
    ]
    if further is not None:
        names = {one.names[0] for path, one in cited_options if scope_of(graph, path, one) == further["scope"]}
        return all(name in names for name in re.findall(r"`([^`]+)`", further["names"]))
    made = [(path, *option_sentence(graph, path, one)) for path, one in cited_options]
    holds = any(
        text == sentence and are_within([(path, *one) for one in lines], spans) for path, sentence, lines in made
    )
    return None if without_help is not None and not holds else holds  # it may be told of a setting
