"""What a function does, by its statements: where each stands and what has to be for it to run, in words and as it stands."""
