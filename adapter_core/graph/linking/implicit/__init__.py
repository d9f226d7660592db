"""What runs without a call being written. `targets` goes from the place to what it enters, `runners` the other way."""
