"""What external base classes provide."""

from __future__ import annotations

from ..results.values import Value, Values, external

# The contents of instances of their subclasses are inferred in `containers/subclassed.py`.
CONTAINERS = frozenset(
    """builtins.dict builtins.list builtins.set collections.UserDict collections.UserList collections.OrderedDict
    collections.defaultdict collections.deque""".split()
)
_METHODS = frozenset({"get", "pop", "popleft", "popitem", "values", "items", "setdefault", "copy"})
_OBJECT_MEMBERS = frozenset(dir(object)) | {
    "__dict__",
    "__name__",
    "__module__",
    "__qualname__",
    "__mro__",
    "__subclasses__",
}
NOTHING_OF_THEIR_OWN = ("builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC")


def member(name: str, receiver: Value, order: list[Value]) -> Values | None:
    """A member that an external base class defines, or `object`."""
    outside = next((cls.path for cls in order if cls.kind == "external"), "")
    if receiver.kind == "instance" and name in _METHODS and outside in CONTAINERS:
        return frozenset({Value("method", name, 0, receiver)})
    if name == "exceptions" and outside.startswith("builtins."):
        return frozenset({Value("typed", "list", 0, frozenset({receiver}))})  # of `except* Missing as group`
    if outside and outside not in NOTHING_OF_THEIR_OWN:
        return frozenset({external(f"{outside}.{name}")})
    return frozenset({external(f"builtins.object.{name}")}) if name in _OBJECT_MEMBERS else None
