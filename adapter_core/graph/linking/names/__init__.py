"""What imports, annotations and the like refer to: modules, types, known texts, and the argument for a parameter."""
