"""Conditions that composed sentences tell, against what happens: small functions are made at random and run under every assignment of what
they test, and whatever is said of them must be so."""

from __future__ import annotations

import ast
import contextlib
import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter_core.answers.citations import cite
from adapter_core.answers.composing.candidate import Candidate, SentenceBuilder
from adapter_core.answers.composing.links.calls import call_sentences
from adapter_core.answers.composing.statements.action_sentences import action_sentences
from adapter_core.answers.composing.statements.decisions import decision_sentences
from adapter_core.answers.composing.statements.quotes import quote_sentences
from adapter_core.answers.verify import supports
from adapter_core.graph import terms
from tests.support import graph_of

NAMES = ("alpha", "beta", "gamma")
TESTS = (*NAMES, "not alpha", "not beta", "alpha and gamma", "not (beta or gamma)", "beta is None")
INLINE = (
    "CALL if beta else gamma",
    "beta and CALL",
    "alpha or CALL",
    "[CALL for one in (1, 2) if gamma]",
    "x = beta and not alpha and CALL",
)
Block = list[str]
HELPERS = "".join(f"def h{n}(): ...\n" for n in range(60))


def indented(block: Block) -> Block:
    return [f"    {line}" for line in block]


def made(rng: random.Random, depth: int = 0) -> Block:
    """One to three statements at random, nested at most three deep."""
    return [line for _ in range(rng.randint(1, 3)) for line in _statement(rng, depth)]


def deciding(rng: random.Random) -> Block:
    """Early exits one after the other."""
    found: Block = []
    for _ in range(rng.randint(1, 3)):
        found += [f"if {rng.choice(TESTS)}:", rng.choice(("    RETURN", "    RAISE", "    CALL"))]
        if rng.random() < 0.4:
            found += [f"elif {rng.choice(TESTS)}:", "    RETURN"]
    return [*found, "RETURN"]


def _statement(rng: random.Random, depth: int) -> Block:
    form = rng.choice(
        ("simple", "simple", "if", "if", "guard", "elif", "for", "try", "with", "while", "inline")
        if depth < 3
        else ("simple",)
    )
    test, other = rng.choice(TESTS), rng.choice(TESTS)
    if form == "if":
        rest = ["else:", *indented(made(rng, depth + 1))] if rng.random() < 0.5 else []
        return [f"if {test}:", *indented(made(rng, depth + 1)), *rest]
    if form == "guard":
        return [f"if {test}:", *(["    CALL"] if rng.random() < 0.4 else []), rng.choice(("    RETURN", "    RAISE"))]
    if form == "elif":
        rest = ["else:", *indented(made(rng, depth + 1))] if rng.random() < 0.5 else []
        first, second = indented(made(rng, depth + 1)), indented(made(rng, depth + 1))
        return [f"if {test}:", *first, f"elif {other}:", *second, *rest]
    if form == "for":
        skip = [f"    if {test}:", "        continue"] if rng.random() < 0.5 else []
        return ["for one in (1, 2):", *skip, *indented(made(rng, depth + 1))]
    if form == "with":
        return ["with quiet():", *indented(made(rng, depth + 1))]
    if form == "while":
        return ["while True:", *indented(made(rng, depth + 1)), "    break"]
    if form == "try":
        return ["try:", *indented(made(rng, depth + 1)), "except KeyError:", "    CALL"]
    if form == "inline":
        return [rng.choice(INLINE)]
    return [rng.choice(("CALL", "CALL", "RETURN", "RAISE", "alpha = not alpha" if rng.random() < 0.3 else "CALL"))]


def function_of(body: Block) -> str:
    """A function in which each call, return and raise has a number of its own."""
    numbers = itertools.count()
    body = [re.sub("CALL", lambda _: f"h{next(numbers)}()", line) for line in body]
    body = [line.replace("RETURN", f"return {next(numbers)}") for line in body]
    body = [line.replace("RAISE", f"raise KeyError('{next(numbers)}')") for line in body]
    return "def f(alpha, beta, gamma):\n" + "\n".join(indented(body)) + "\n"


def happenings(source: str) -> Iterator[tuple[dict[str, object], str, dict[str, object]]]:
    """(what is passed, what happens, what is bound when it happens) for each assignment, in order."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("h"):
            node.args = [ast.Constant(node.func.id), ast.Call(ast.Name("locals", ast.Load()), [], [])]
            node.func = ast.Name("happens", ast.Load())
    code = compile(ast.fix_missing_locations(tree), "m.py", "exec")
    for values in itertools.product((True, False, None), repeat=3):
        passed = dict(zip(NAMES, values, strict=True))
        found: list[tuple[str, dict[str, object]]] = []
        scope: dict[str, object] = {"happens": lambda name, bound, into=found: into.append((name, dict(bound)))}
        scope["quiet"] = contextlib.nullcontext
        exec(code, scope)
        try:
            outcome = scope["f"](**passed)  # type: ignore[operator]
            found.append((f"return {outcome}", {}))
        except KeyError as error:
            found.append((f"raise {error.args[0]}", {}))
        for name, bound in found:
            yield passed, name, bound


_CODE = re.compile(r"`([^`]+)`")


_TESTS = re.compile(r"\b(when|unless) (`[^`]+`(?: (?:and|or) `[^`]+`)*)(?P<then> by then)?")


def conditions(text: str) -> list[tuple[str, bool]]:
    return [(test, match[1] == "when") for match in _TESTS.finditer(text) for test in _CODE.findall(match[2])]


def of_what_is_passed(text: str) -> list[tuple[str, bool]]:
    """The conditions that are about what is passed, and not what is bound "by then"."""
    return conditions(_TESTS.sub(lambda m: "" if m["then"] else m.group(), text))


def check_told(source: str, item: Candidate) -> None:
    """What is told of one call, return or raise holds of what is passed whenever it happens, but for what holds "by then"; and what is
    told without any condition happens always."""
    what, rest = told_of(item)
    tests = of_what_is_passed(rest)
    happened: dict[str, list[str]] = {}
    for passed, one, _ in happenings(source):
        happened.setdefault(repr(passed), []).append(one.replace(" ", "_"))
        if happened[repr(passed)][-1] in what:
            for test, holds in tests:
                assert bool(eval(test, {}, dict(passed))) == holds, (item.text, source)
    if rest == ".":
        assert all(set(what) <= set(all_of_it) for all_of_it in happened.values()), (item.text, source)


def told_of(item: Candidate) -> tuple[list[str], str]:
    """The calls, the return or the raise that a sentence tells of, and what it says behind that."""
    if match := re.match(r"`f` calls[^`]*(`h\d+\(\)`(?:(?:, | and )`h\d+\(\)`)*)", item.text):
        return [name.removesuffix("()") for name in _CODE.findall(match[1])], item.text[match.end() :]
    if match := re.match(r"`f` returns `(\d+)`", item.text):
        return [f"return_{match[1]}"], item.text[match.end() :]
    if match := re.match(r"`f` raises `KeyError` with the message `'(\d+)'`", item.text):
        return [f"raise_{match[1]}"], item.text[match.end() :]
    return [], ""


def check_decision(source: str, text: str) -> None:
    """The branches, taken in the order told, give what the function gives."""
    branches = [
        (conditions(part.replace("if `", "when `", 1)), "return " if "returns" in part else "raise ", re.findall(r"`'?(\d+)'?`", part))
        for part in text.split(": ", 1)[1].split("; ")
    ]  # fmt: skip
    for passed, happened, _ in happenings(source):
        if happened.startswith("h"):
            continue
        taken = next((b for b in branches if all(bool(eval(t, {}, passed)) == h for t, h in b[0])), None)
        if taken is not None:
            assert happened == taken[1] + taken[2][0], text
        else:
            assert happened == "return None", text


@pytest.mark.parametrize("seed", range(6))
def test_what_is_told_is_so(repo: Path, seed: int) -> None:
    rng = random.Random(seed)
    sources = [function_of(deciding(rng) if n % 4 == 0 else [*made(rng), *made(rng)]) for n in range(50)]
    modules = "".join(f"#- m{n}.py\n{HELPERS}\n\n{source}\n" for n, source in enumerate(sources))
    graph = graph_of(repo, modules)
    weights = dict.fromkeys([t for n in range(60) for t in terms.terms_of(f"h{n} alpha beta gamma return")], 1.0)
    kinds: Counter[str] = Counter()
    for n, source in enumerate(sources):
        document, facts = graph.document(f"m{n}.py"), graph.facts(f"m{n}.py")
        assert document is not None
        assert facts is not None
        index = next(i for i, s in enumerate(facts.symbols) if s.qualname == "f")
        speaker, ref = SentenceBuilder(facts, index, 0), graph.ref(facts, index)
        told = [
            *action_sentences(speaker, ref.symbol, document.lines),
            *call_sentences(speaker, graph, ref, document.lines),
            *quote_sentences(speaker, ref.symbol, document.lines, weights),
            *decision_sentences(speaker, ref.symbol, document.lines),
        ]
        for item in told:
            kinds[item.kind] += 1
            cited = tuple(c for span in item.spans if (c := cite(graph, *span, 12)))
            assert supports(graph, item.text, cited).reason == "", item.text
            check_told(source, item)
            assert len(conditions(item.text.partition(": ")[0])) <= 2 or item.kind in ("decides", "branch"), item.text
            if item.kind == "decides" and "alpha = " not in source:
                check_decision(source, item.text)
    assert {"returns", "raises", "calls", "quote", "branch", "decides"} <= set(kinds)


def check_is_all(source: str, item: Candidate) -> None:
    """Of a return or raise of the body itself: wherever what is told holds, it happens; no other exit stands before it that is not told."""
    match = re.match(r"`f` (?:returns `|raises `KeyError` with the message `')(\d+)'?`", item.text)
    tests = conditions(item.text[match.end() :]) if match else []
    number = match[1] if match else ""
    own = {line.strip() for line in source.split("\n") if re.match(r"    (?:return|raise)\b", line)}
    if not tests or not {f"return {number}", f"raise KeyError('{number}')"} & own or "alpha = " in source:
        return
    happened: dict[str, list[str]] = {}
    for passed, happens, _ in happenings(source):
        happened.setdefault(repr(passed), []).append(happens)
    for passed, all_of_it in happened.items():
        if all(bool(eval(test, {}, ast.literal_eval(passed))) == holds for test, holds in tests):
            assert all_of_it[-1] in (f"return {number}", f"raise {number}"), (item.text, passed)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_exit_stands_before_what_is_told_under_a_condition(repo: Path, seed: int) -> None:
    rng = random.Random(100 + seed)
    sources = []
    for _ in range(60):
        body = [*deciding(rng)[:-1], *made(rng), "RETURN"]
        sources.append(function_of(body))
    graph = graph_of(repo, "".join(f"#- m{n}.py\n{HELPERS}\n\n{source}\n" for n, source in enumerate(sources)))
    checked = 0
    for n, source in enumerate(sources):
        document, facts = graph.document(f"m{n}.py"), graph.facts(f"m{n}.py")
        assert document is not None
        assert facts is not None
        index = next(i for i, s in enumerate(facts.symbols) if s.qualname == "f")
        for item in action_sentences(SentenceBuilder(facts, index, 0), facts.symbols[index], document.lines):
            checked += bool(conditions(item.text))
            check_is_all(source, item)
    assert checked
