"""Where something is done: the act that a question names, the statements that do it, and the functions that are called so."""
