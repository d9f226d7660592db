"""Links between files, worked out at query time from facts that are local to one file: what a name means, what a call enters.

`inference.Inference` is what is asked and what remembers. A folder imports only what stands before it in docs/ARCHITECTURE.md.
As in any interpreter, each part needs what is built on it, too: what a name is depends on calls, and what these give on names. That
it asks through the `Inference` it is handed.
"""
