"""Facts as bytes and rows, and the sorted tables by which words and names find files. `storage.store` is the door."""
