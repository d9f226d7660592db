"""What the words of an option become: each form takes the text of one and raises `ValueError` with what is wanted instead."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Form = Callable[[str], Any]


def text(given: str) -> str:
    return given


def path(given: str) -> str:
    """Absolute: commands leave the folder where the user stands."""
    return os.path.abspath(os.path.expanduser(given)) if given else given


def file(given: str) -> Path:
    return Path(path(given))


def adapter_or_word(given: str) -> str:
    return given if given in ("auto", "none") else path(given)


def whole(given: str) -> int:
    try:
        return int(given)
    except ValueError:
        raise ValueError("a whole number") from None


def number(given: str) -> float:
    try:
        return float(given)
    except ValueError:
        raise ValueError("a number") from None


def switch(given: str) -> bool:
    if given.lower() in ("on", "true", "yes", "1"):
        return True
    if given.lower() in ("off", "false", "no", "0"):
        return False
    raise ValueError("on or off")


def seconds_or_none(given: str) -> float | None:
    return None if given == "none" else number(given)


def three_numbers(given: str) -> tuple[float, ...]:
    parts = given.split(",")
    if len(parts) != 3:
        raise ValueError("three numbers such as 1,1,2")
    return tuple(number(part) for part in parts)


def weights(given: str) -> dict[str, float]:
    return {name: number(value) for name, value in _pairs(given, "weights such as q_proj=1.2,down_proj=0.5")}


def counts(given: str) -> dict[str, int]:
    return {name: whole(value) for name, value in _pairs(given, "ranks such as q_proj=4,down_proj=8")}


def tiers(given: str) -> dict[str, tuple[int, ...]]:
    wanted = "ranks of the top, middle and low layers such as attn=8:4:2,mlp=4:2:1"
    found = {name: tuple(whole(part) for part in value.split(":")) for name, value in _pairs(given, wanted)}
    if any(len(ranks) != 3 for ranks in found.values()):
        raise ValueError(wanted)
    return found


def strings(given: str) -> tuple[str, ...]:
    return (given,)


def _pairs(given: str, wanted: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=")[::2] for part in given.split(",") if part.strip()]
    if not pairs or not all(name.strip() and value.strip() for name, value in pairs):
        raise ValueError(wanted)
    return [(name.strip(), value.strip()) for name, value in pairs]
