"""The command that installs the libraries of an extra into this installation of Pathline.

It never tells anyone to install `pathline[…]`: Pathline is on no package index, and whoever takes the name there would be installed.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

_NAME = "pathline"
_SETUP_COMMANDS = {"model": "setup", "report": "setup --dev"}
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")


def how_to_install(extra: str) -> str:
    """The command, which works in any folder, as the end of a sentence."""
    checkout = Path(__file__).resolve().parents[1]
    if Path(sys.prefix).resolve() == checkout / ".venv" and (checkout / "x").is_file():
        return f'run `{"py " if sys.platform == "win32" else ""}"{checkout / "x"}" {_SETUP_COMMANDS[extra]}`'
    if libraries := _libraries(extra):
        return f'install them with `"{sys.executable}" -m pip install {" ".join(libraries)}`'
    return f'install them with `pip install "PATH-TO-PATHLINE[{extra}]"`, where the path is that of its source'


def _libraries(extra: str) -> list[str]:
    """The extra's requirements in the metadata of the installed package, as arguments for `pip`; empty if Pathline is not installed."""
    try:
        lines = metadata.requires(_NAME) or []
    except metadata.PackageNotFoundError:
        return []
    parts = (line.partition(";") for line in lines)
    return [f'"{name.strip()}"' for name, _, marker in parts if (found := _EXTRA.search(marker)) and found[1] == extra]
