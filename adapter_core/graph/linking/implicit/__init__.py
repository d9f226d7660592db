"""Implicit calls. `targets` goes from an operation to the functions that it calls, `implicit_callers` the other way."""
