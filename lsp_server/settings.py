"""The client's settings. The table in docs/protocol.md lists the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

SECTION = "pathline"


@dataclass(frozen=True, slots=True)
class Settings:
    """Field names are the client's, so that one list of names serves the wire, the code and the documentation."""

    model: str = ""
    useModel: bool = True  # noqa: N815
    askCommand: str = ""  # noqa: N815
    showDiagnostics: bool = True  # noqa: N815
    linkCalls: bool = True  # noqa: N815

    @property
    def model_name(self) -> str | None:
        """The chosen model; None is the embedded default."""
        return self.model.strip() or None


def read_settings(value: Any) -> tuple[Settings, list[str], list[str]]:
    """Parse a client's settings: (settings, problems for the user, unknown keys).

    A bad value leaves its default in place; null means "not set".
    """
    if value is None:
        return Settings(), [], []
    if not isinstance(value, Mapping):
        return Settings(), [f"the settings must be an object, not {_kind(value)}"], []
    known = {field.name: field for field in fields(Settings)}
    valid: dict[str, Any] = {}
    problems: list[str] = []
    for name, field in known.items():
        setting = value.get(name)
        if setting is None:
            continue
        expected_type = type(field.default)
        if type(setting) is expected_type:
            valid[name] = setting
        else:
            problems.append(
                f"{SECTION}.{name} must be {_KINDS[expected_type]}, not {_kind(setting)}; the default is used"
            )
    unknown = sorted(str(name) for name in value if name not in known)
    return Settings(**valid), problems, unknown


_KINDS: dict[type, str] = {bool: "true or false", str: "a string"}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "that"
