"""From source text to facts, kept in SQLite and updated file by file. Imports no other package of Pathline's."""
