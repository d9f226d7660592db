"""The parts of a repository's memory: counts, gate, file, upkeep, and the step in decoding. `adapters.memory` is the door."""
