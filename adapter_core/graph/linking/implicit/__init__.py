"""What runs without a call being written. `targets` goes from the place to what it enters, `implicit_callers` the other way."""
