"""Facts as bytes and rows, and the sorted tables that find files by words and names. `storage.store` is the entry point."""
