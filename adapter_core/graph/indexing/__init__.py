"""Files to the index: in batches, in parser processes, brought up to date."""
