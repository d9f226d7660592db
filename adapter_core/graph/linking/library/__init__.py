"""What functions and methods from outside the workspace give, where that decides what is called. `externals` is the door."""
