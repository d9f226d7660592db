"""What is in containers, and what statements take out of them: loops, unpacking, subscripts, `with`."""
