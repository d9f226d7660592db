"""What the model reads and writes, with what of the adapters, how often, and what of it is kept."""
