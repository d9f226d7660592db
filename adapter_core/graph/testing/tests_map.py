"""The tests that pytest collects from one Python file, found without running it, and the fixtures that run for them.

In most files the names of tests, fixtures and parameters follow from the text alone. Where they do not, the result says so:
`TestNode.parameters_known` is False, or the part of the file that may contain more tests is listed in `TestFile.open_ids`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..parsing.tree import parse_tree
from .collecting.classes import BaseResolver
from .collecting.collect import COLLECTION_HOOKS, Collector, TestNode
from .collecting.config import CONFIG_FILES, PytestRules, is_test_file, read_rules
from .collecting.fixtures import Fixture, read_fixtures, visible_fixtures
from .collecting.names import ModuleNames

__all__ = [
    "CONFIG_FILES",
    "Fixture",
    "PytestRules",
    "TestFile",
    "TestNode",
    "changes_collection",
    "collect_tests",
    "is_test_file",
    "read_fixtures",
    "read_rules",
    "visible_fixtures",
]


@dataclass(frozen=True, slots=True)
class TestFile:
    """The tests and fixtures of one file. `open_ids`: prefixes of node ids under which pytest may collect more than is listed, because
    it comes from another file (a base class, an import) or is created when the module runs."""

    __test__: ClassVar[bool] = False

    path: str
    nodes: tuple[TestNode, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
    open_ids: tuple[str, ...] = ()


def collect_tests(
    path: str,
    source: str | ast.Module,
    rules: PytestRules | None = None,
    *,
    fixtures_by_file: Mapping[str, Sequence[Fixture]] | None = None,
    is_test_case: BaseResolver | None = None,
    hooked: bool = False,
) -> TestFile:
    """What pytest would collect from one file, whatever its name (`is_test_file` says whether pytest would look at it by itself).
    `fixtures_by_file`: as for `visible_fixtures`; the file's own fixtures need not be included. `is_test_case`: whether a base class
    from another file, by its name as written, descends from `unittest.TestCase` (None: unknown). `hooked`: a conftest.py above the file
    changes collection (`changes_collection`), so no parameters are known. A file that does not parse has no tests."""
    tree = parse_tree(source) if isinstance(source, str) else source
    if tree is None:
        return TestFile(path)
    rules = rules or PytestRules()
    own_fixtures = read_fixtures(path, tree, rules.escape_ids)
    files = {path: own_fixtures, **(fixtures_by_file or {})}
    collector = Collector(path, tree, rules, files, is_test_case, hooked)
    nodes = tuple(collector.run())
    return TestFile(path, nodes, own_fixtures, tuple(dict.fromkeys(collector.open_ids)))


def changes_collection(source: str | ast.Module) -> bool:
    """Whether a conftest.py has hooks that decide about tests and their ids at run time."""
    tree = parse_tree(source) if isinstance(source, str) else source
    if tree is None:
        return False
    bound = ModuleNames(tree).local
    if any(hook in bound for hook in COLLECTION_HOOKS):
        return True
    # A hook that only marks or drops tests leaves their ids alone.
    return "pytest_collection_modifyitems" in bound and any(
        isinstance(node, ast.Attribute) and node.attr == "_nodeid" for node in ast.walk(tree)
    )
