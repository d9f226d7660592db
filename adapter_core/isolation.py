"""How Pathline starts Python children: this interpreter, this copy of the package, and nothing of the working folder.

`-I` keeps the working folder, `PYTHONPATH` and friends off the child's module search path. It would also hide a source
checkout and the user's site folder, so the child loads this very package by file name, without adding its parent folder
(which may hold anything) to the path, and adds the user's site folder only where the parent has it too.
"""

from __future__ import annotations

import importlib.util
import os
import site
import subprocess
import sys
from pathlib import Path
from typing import Any

from .errors import PathlineError
from .paths import cache_dir

_BOOTSTRAP = """\
import os, sys, site, importlib, importlib.util
module, user_site, *packages = sys.argv[1:5]
del sys.argv[1:5]
if user_site:
    site.addsitedir(user_site)
for file in filter(None, packages):
    name = os.path.basename(os.path.dirname(file))
    spec = importlib.util.spec_from_file_location(name, file)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
sys.exit(importlib.import_module(module).main())
"""


def interpreter() -> str:
    """The running Python. Raises `PathlineError` where there is none to start (an embedding application)."""
    if not sys.executable:
        raise PathlineError("This Python does not know its own executable, so no child process can be started.")
    return sys.executable


def isolated_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs `module.main()` in an isolated child. `module` belongs to this package, or to another
    one (the server's), which the child then also loads by file name."""
    own_package = Path(__file__).resolve().parent
    package = module.partition(".")[0]
    spec = importlib.util.find_spec(package) if package != own_package.name else None
    package_file = spec.origin or "" if spec is not None else ""
    user_site = site.getusersitepackages() if site.ENABLE_USER_SITE else ""
    return [
        interpreter(),
        "-I",
        "-X",
        "utf8",
        "-c",
        _BOOTSTRAP,
        module,
        user_site,
        str(own_package / "__init__.py"),
        package_file,
        *arguments,
    ]


def child_environment(**extra: str) -> dict[str, str]:
    """The environment without Python's own variables, and with an absolute cache folder, as the child's working folder differs."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("PYTHON")}
    return {**kept, "PATHLINE_CACHE_DIR": str(cache_dir()), **extra}


def quiet_process_options() -> dict[str, Any]:
    """`Popen` options: no console window on Windows; elsewhere a session of its own, which Ctrl-C misses."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
