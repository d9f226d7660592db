"""What is kept in memory, how much of it and for how long."""
