"""The elements of containers, and statements that take them out: loops, unpacking, subscripts, `with`."""
