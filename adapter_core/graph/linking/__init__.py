"""Links between files, inferred at query time from facts that are local to one file: what a name refers to, what a call enters.

`inference.Inference` is the entry point and the cache. A folder imports only those that come before it in docs/ARCHITECTURE.md. As in any
interpreter, each part also needs later ones: what a name refers to depends on calls, and the results of calls on names. Those it reaches
through the `Inference` that is passed to it.
"""
