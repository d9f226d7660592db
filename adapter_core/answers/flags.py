"""From what is given by keyword or on the command line to `AskOptions`, and back: the rows of `flag_table.py` at work.

options = with_values(AskOptions(), {"alpha": 8, "pack_mode": "windows"})
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from .flag_forms import seconds_or_none, strings, switch
from .flag_table import OPTIONS, TABLE, Option
from .options import AskOptions

_PREFIX = "option_"


def with_values(options: AskOptions, values: Mapping[str, Any]) -> AskOptions:
    """The options with some given by keyword, as values or as text. Raises `UsageError` for an unknown keyword or value."""
    for name, given in values.items():
        option = OPTIONS.get(name)
        if option is None:
            raise UsageError(f"There is no option {name!r}: use {', '.join(OPTIONS)}.")
        group, _, field = option.path.rpartition(".")
        value = option.value_of(given)
        if group:
            options = replace(options, **{group: replace(getattr(options, group), **{field: value})})
        else:
            options = replace(options, **{field: value})
    return validate_options(options)


def validate_options(options: AskOptions) -> AskOptions:
    """The options, where they go together. Raises `UsageError`."""
    packing, entropy, sources = options.packing, options.entropy, options.sources
    if sources.of_sources == "zoom" and not options.zoom:
        raise UsageError("--of-sources zoom looks around a symbol: name it with --zoom.")
    if packing.model_prob_yes and not packing.function_first:
        raise UsageError("--model-prob-yes orders the windows of --function-first: give both.")
    if packing.function_first and packing.pack_mode == "heads":
        raise UsageError("--function-first packs functions, and --pack-mode heads packs none: give one of them.")
    if entropy.entropy_aware and options.adapter.rank is not None:
        raise UsageError("--entropy-aware chooses the rank, and --rank gives it: use one of them.")
    if entropy.rank_min > entropy.rank_max or entropy.gsub_min > entropy.gsub_max:
        raise UsageError("--rank-min and --gsub-min must not be larger than --rank-max and --gsub-max.")
    return options


def flag_groups(parser: argparse.ArgumentParser) -> dict[str, argparse._ArgumentGroup]:
    """The groups of the help by their titles, in the order of the table and still empty."""
    return {group.title: parser.add_argument_group(group.title, group.about or None) for group in TABLE}


def add_flags(
    groups: Mapping[str, argparse._ArgumentGroup], defaults: AskOptions | None = None
) -> dict[argparse.Action, str]:
    """Put the flags of the table into their groups. What is not given stays None. Those for developers are left out of the help;
    returned is what it would say of them."""
    hidden: dict[argparse.Action, str] = {}
    for group in TABLE:
        for option in group.rows:
            value = _of(defaults, option) if defaults is not None else option.default
            told = f"{option.help}{_default(option, value)}"
            settings: dict[str, Any] = {"dest": _PREFIX + option.name, "default": None}
            if option.form is switch:
                settings["action"] = argparse.BooleanOptionalAction
            elif option.choices:
                settings["metavar"] = "|".join(option.choices)
            else:
                settings["metavar"] = option.metavar or "VALUE"
            if option.form is strings:
                settings["action"] = "append"
            shown = argparse.SUPPRESS if group.for_developers else told
            action = groups[group.title].add_argument(option.on_command_line, help=shown, **settings)
            if group.for_developers:
                hidden[action] = told
    return hidden


def values_of(args: Any) -> dict[str, Any]:
    """By keyword what was given on the command line that `add_flags` made."""
    given = {name: getattr(args, _PREFIX + name) for name in OPTIONS}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in given.items() if v is not None}


def as_arguments(values: Mapping[str, Any]) -> list[str]:
    """The command line that gives these keywords. Raises `UsageError` for an unknown one."""
    found: list[str] = []
    for name, value in values.items():
        option = OPTIONS.get(name)
        if option is None:
            raise UsageError(f"There is no option {name!r}: use {', '.join(OPTIONS)}.")
        flag = option.on_command_line
        if value is None and option.form is not seconds_or_none:
            continue  # as it is
        if option.form is switch:
            found.append(flag if option.value_of(value) else f"--no-{flag[2:]}")
        elif option.form is strings:
            found += [f"{flag}={one}" for one in ([value] if isinstance(value, str) else value)]
        else:
            found.append(f"{flag}={_written(value)}")
    return found


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={_written(one).replace(',', ':')}" for name, one in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def _of(options: AskOptions, option: Option) -> Any:
    value: Any = options
    for part in option.path.split("."):
        value = getattr(value, part)
    return value


def _default(option: Option, value: Any) -> str:
    if value is None or (isinstance(value, (dict, tuple, str)) and not value):
        told = option.unset
    elif isinstance(value, bool):
        told = "on" if value else "off"
    else:
        told = _written(value)
    return f" (default: {told})".replace("%", "%%") if told else ""
