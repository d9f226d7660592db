"""The forms of option values: each function parses the text of a value, or checks the value itself, and raises `ValueError` with what is
expected instead."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..adapters.adapter import Adapter

Form = Callable[[Any], Any]


def text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError("a text")
    return given


def path(given: Any) -> str:
    """An absolute path, since commands change the working folder."""
    if not isinstance(given, (str, os.PathLike)):
        raise ValueError("a path")
    name = os.fspath(given)
    if not isinstance(name, str):
        raise ValueError("a path")
    return os.path.abspath(os.path.expanduser(name)) if name else name


def file(given: Any) -> Path:
    return Path(path(given))


def program(given: Any) -> str:
    """A program's path made absolute; a name without a folder as it is, which is looked up in the PATH."""
    name = text(given)
    return path(name) if os.path.dirname(name) else name


def adapter_or_word(given: Any) -> str:
    return str(given) if given in ("auto", "none") else path(given)


def adapter_or_path(given: Any) -> str | Adapter:
    """An adapter object unchanged, or an absolute path."""
    from ..adapters.adapter import Adapter

    return given if isinstance(given, Adapter) else path(given)


def integer(given: Any) -> int:
    if isinstance(given, str):
        try:
            return int(given)
        except ValueError:
            pass
    elif isinstance(given, Integral) and not isinstance(given, bool):
        return int(given)
    raise ValueError("a whole number")


def number(given: Any) -> float:
    if isinstance(given, str):
        try:
            return float(given)
        except ValueError:
            pass
    elif isinstance(given, Real) and not isinstance(given, bool):
        return given if isinstance(given, (int, float)) else float(given)
    raise ValueError("a number")


def switch(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = given.lower() if isinstance(given, str) else ""
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ValueError("on or off")


def seconds_or_none(given: Any) -> float | None:
    return None if given is None or given == "none" else number(given)


def three_numbers(given: Any) -> tuple[float, ...]:
    return _three(given, ",", number, "three numbers such as 1,1,2")


def weights(given: Any) -> dict[str, float]:
    return {name: number(value) for name, value in _pairs(given, "weights such as q_proj=1.2,down_proj=0.5")}


def counts(given: Any) -> dict[str, int]:
    return {name: integer(value) for name, value in _pairs(given, "ranks such as q_proj=4,down_proj=8")}


def tiers(given: Any) -> dict[str, tuple[int, ...]]:
    wanted = "ranks of the top, middle and low layers such as attn=8:4:2,mlp=4:2:1"
    return {name: _three(value, ":", integer, wanted) for name, value in _pairs(given, wanted)}


def strings(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, (list, tuple)):
        raise ValueError("a text, or several in a list")
    return tuple(text(one) for one in given)


def _three(given: Any, mark: str, form: Callable[[Any], Any], wanted: str) -> tuple[Any, ...]:
    parts = given.split(mark) if isinstance(given, str) else given
    if not isinstance(parts, (list, tuple)) or len(parts) != 3:
        raise ValueError(wanted)
    return tuple(form(part) for part in parts)


def _pairs(given: Any, wanted: str) -> list[tuple[str, Any]]:
    if isinstance(given, Mapping):
        if not all(isinstance(name, str) for name in given):
            raise ValueError(wanted)
        return list(given.items())
    pairs = [part.partition("=")[::2] for part in given.split(",") if part.strip()] if isinstance(given, str) else []
    if not pairs or not all(name.strip() and value.strip() for name, value in pairs):
        raise ValueError(wanted)
    return [(name.strip(), value.strip()) for name, value in pairs]
