"""Results of external functions and methods, as far as they determine what is called. `externals` is the entry point."""
