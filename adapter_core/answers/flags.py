"""Converts keywords and command-line flags to `AskOptions` and back, by the rows of `flag_table.py`.

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
    """The options with some replaced by keyword; values may be text. Raises `UsageError` for an unknown keyword or value."""
    for name, raw_value in values.items():
        option = OPTIONS.get(name)
        if option is None:
            raise UsageError(f"There is no option {name!r}: use {', '.join(OPTIONS)}.")
        group, _, field = option.path.rpartition(".")
        value = option.value_of(raw_value)
        if group:
            options = replace(options, **{group: replace(getattr(options, group), **{field: value})})
        else:
            options = replace(options, **{field: value})
    return validate_options(options)


def validate_options(options: AskOptions) -> AskOptions:
    """The options unchanged. Raises `UsageError` if they contradict each other."""
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
    """The empty argument groups of the help by title, in the order of the table."""
    return {group.title: parser.add_argument_group(group.title, group.about or None) for group in TABLE}


def add_flags(
    groups: Mapping[str, argparse._ArgumentGroup], defaults: AskOptions | None = None
) -> dict[argparse.Action, str]:
    """Add the flags of the table to their groups; flags that are not given parse as None. Flags for developers are hidden in the help;
    returns the hidden help texts."""
    hidden: dict[argparse.Action, str] = {}
    for group in TABLE:
        for option in group.rows:
            value = _field_value(defaults, option) if defaults is not None else option.default
            help_text = f"{option.help}{_default_note(option, value)}"
            settings: dict[str, Any] = {"dest": _PREFIX + option.name, "default": None}
            if option.form is switch:
                settings["action"] = argparse.BooleanOptionalAction
            elif option.choices:
                settings["metavar"] = "|".join(option.choices)
            else:
                settings["metavar"] = option.metavar or "VALUE"
            if option.form is strings:
                settings["action"] = "append"
            visible_help = argparse.SUPPRESS if group.for_developers else help_text
            action = groups[group.title].add_argument(option.on_command_line, help=visible_help, **settings)
            if group.for_developers:
                hidden[action] = help_text
    return hidden


def parsed_values(args: Any) -> dict[str, Any]:
    """The values given on a command line with the flags of `add_flags`, by keyword."""
    parsed = {name: getattr(args, _PREFIX + name) for name in OPTIONS}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in parsed.items() if v is not None}


def format_arguments(values: Mapping[str, Any]) -> list[str]:
    """The command-line arguments for these keywords. Raises `UsageError` for an unknown one."""
    arguments: list[str] = []
    for name, value in values.items():
        option = OPTIONS.get(name)
        if option is None:
            raise UsageError(f"There is no option {name!r}: use {', '.join(OPTIONS)}.")
        flag = option.on_command_line
        if value is None and option.form is not seconds_or_none:
            continue  # the default
        if option.form is switch:
            arguments.append(flag if option.value_of(value) else f"--no-{flag[2:]}")
        elif option.form is strings:
            arguments += [f"{flag}={item}" for item in ([value] if isinstance(value, str) else value)]
        else:
            arguments.append(f"{flag}={_format_value(value)}")
    return arguments


def _format_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={_format_value(item).replace(',', ':')}" for name, item in value.items())
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def _field_value(options: AskOptions, option: Option) -> Any:
    value: Any = options
    for part in option.path.split("."):
        value = getattr(value, part)
    return value


def _default_note(option: Option, value: Any) -> str:
    if value is None or (isinstance(value, (dict, tuple, str)) and not value):
        shown = option.unset
    elif isinstance(value, bool):
        shown = "on" if value else "off"
    else:
        shown = _format_value(value)
    return f" (default: {shown})".replace("%", "%%") if shown else ""
