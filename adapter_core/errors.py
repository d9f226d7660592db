"""Every error that Pathline raises on purpose.

    PathlineError                 something went wrong; str(error) says what to do next   exit 1
    ├── UsageError                the caller asked for something that cannot be            exit 2
    │   └── RootError             the repository path is missing, a file, or too large     exit 2
    ├── IndexStoreError           the index cannot be opened, read or written              exit 1
    │   ├── IndexBusyError        another process is writing this index                    exit 1
    │   └── IndexDamagedError     what is stored cannot be read; building it anew helps    exit 1
    ├── ModelError                the language model cannot be used                        exit 1
    │   ├── ModelMissingError     it is not installed; says how to get it                  exit 1
    │   ├── ModelFileError        its files are damaged, foreign, or of no known form      exit 1
    │   ├── ModelMemoryError      there is not enough memory for it                        exit 1
    │   └── ModelProcessError     its process died or broke the protocol                   exit 1
    ├── AdapterError              the adapter does not fit the model, or cannot be mixed   exit 1
    │   └── AdapterFileError      its files are damaged, foreign, or of another version    exit 1
    └── Cancelled                 the caller asked to stop                                 exit 130

A message is one sentence (or two) that a user can act on; it never contains a traceback.
"""

from __future__ import annotations


class PathlineError(Exception):
    """Base of the tree. `exit_code` is what the command line returns for it."""

    exit_code = 1


class UsageError(PathlineError):
    exit_code = 2


class RootError(UsageError):
    pass


class IndexStoreError(PathlineError):
    pass


class IndexBusyError(IndexStoreError):
    pass


class IndexDamagedError(IndexStoreError):
    pass


class ModelError(PathlineError):
    pass


class ModelMissingError(ModelError):
    pass


class ModelFileError(ModelError):
    pass


class ModelMemoryError(ModelError):
    pass


class ModelProcessError(ModelError):
    pass


class AdapterError(PathlineError):
    pass


class AdapterFileError(AdapterError):
    pass


class Cancelled(PathlineError):  # noqa: N818 - an outcome, named like asyncio.CancelledError
    exit_code = 130
