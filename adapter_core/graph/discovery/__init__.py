"""Which files belong to the index, and below which folders imports look for modules."""
