"""A repository's pytest configuration, as far as it affects collection, read from the texts of its files."""

from __future__ import annotations

import ast
import configparser
import fnmatch
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

# In pytest's order: the first that configures it is the only one that counts.
CONFIG_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_HEADER = re.compile(r"\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?\Z")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=\s*(.*)\Z""", re.DOTALL)
_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class PytestRules:
    """Which files, classes and functions are tests. `usefixtures` run for every test. `escape_ids` is False where ids keep their
    non-ASCII characters. `source` is the configuration file ("": pytest's defaults)."""

    __test__: ClassVar[bool] = False

    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    python_classes: tuple[str, ...] = ("Test",)
    python_functions: tuple[str, ...] = ("test",)
    usefixtures: tuple[str, ...] = ()
    escape_ids: bool = True
    source: str = ""


def read_rules(files: Mapping[str, str]) -> PytestRules:
    """The rules in the configuration files of one folder, given as name to text. Files that cannot be read count as absent."""
    for name in CONFIG_FILES:
        options = _options(name, files[name]) if name in files else None
        if options is not None:
            return _rules(options, name)
    return PytestRules()


def is_test_file(path: str, rules: PytestRules) -> bool:
    """Whether pytest collects a file by itself; one named on its command line is collected whatever its name."""
    return path.endswith(".py") and any(
        fnmatch.fnmatchcase(f"/{path}", f"*/{pattern}")
        if "/" in pattern
        else fnmatch.fnmatchcase(path.rpartition("/")[2], pattern)
        for pattern in rules.python_files
    )


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a class or function has one of the prefixes, or matches one of the globs."""
    return any(name.startswith(p) or (any(c in p for c in "*?[") and fnmatch.fnmatchcase(name, p)) for p in patterns)


def _rules(options: Mapping[str, Any], source: str) -> PytestRules:
    default = PytestRules()

    def words(key: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        value = options.get(key)
        if isinstance(value, str):
            try:
                return tuple(shlex.split(value))
            except ValueError:
                return tuple(value.split())
        if isinstance(value, list):
            return tuple(item for item in value if isinstance(item, str))
        return otherwise

    escaping = options.get("disable_test_id_escaping_and_forfeit_all_rights_to_community_support", False)
    return PytestRules(
        words("python_files", default.python_files),
        words("python_classes", default.python_classes),
        words("python_functions", default.python_functions),
        words("usefixtures", ()),
        escape_ids=str(escaping).strip().lower() not in ("true", "1", "yes", "on"),
        source=source,
    )


def _options(name: str, text: str) -> Mapping[str, Any] | None:
    """The options that one file sets; None where it does not configure pytest."""
    if name.endswith("pytest.toml"):
        return _toml_table(text, ("pytest",)) or {}
    if name.endswith(".toml"):
        options = _toml_table(text, ("tool", "pytest", "ini_options"))
        native = {k: v for k, v in (_toml_table(text, ("tool", "pytest")) or {}).items() if k != "ini_options"}
        return native or options
    if name.endswith("pytest.ini"):
        return _ini_section(text, "pytest") or {}
    return _ini_section(text, "tool:pytest" if name.endswith(".cfg") else "pytest")


def _ini_section(text: str, section: str) -> Mapping[str, Any] | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True, default_section="\0")
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return {key: value or "" for key, value in parser.items(section)} if parser.has_section(section) else None


def _toml_table(text: str, keys: tuple[str, ...]) -> dict[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib

        try:
            table: Any = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            return None
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        return table if isinstance(table, dict) else None
    return small_toml_table(text, ".".join(keys))


def small_toml_table(text: str, table: str) -> dict[str, Any] | None:
    """The texts, lists and booleans under `[table]`, for Python 3.10, which has no TOML reader; other values are left out."""
    found: dict[str, Any] | None = None
    inside = False
    pending = ""
    depth = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        header = None if pending else _HEADER.match(line.strip())
        if header or (not pending and line.startswith("[[")):
            inside = header is not None and re.sub(r"[\s\"']", "", header[1]) == table
            found = {} if inside and found is None else found
            continue
        if not inside or found is None:
            continue
        pending += line + "\n"
        tokens = _TOKENS.findall(pending)
        depth = sum((t in ("[", "{")) - (t in ("]", "}")) for t in tokens)
        if depth > 0 or len(re.findall(r'"""|\'\'\'', pending)) % 2:
            continue
        entry = _KEY.match(pending)
        if entry:
            value = _toml_value(entry[2])
            if value is not None:
                found[entry[1]] = value
        pending = ""
    return found


def _toml_value(text: str) -> Any:
    without_comments = _TOKENS.sub(lambda m: "" if m[0].startswith("#") else m[0], text).strip()
    if without_comments in ("true", "false"):
        return without_comments == "true"
    try:
        return ast.literal_eval(without_comments)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
