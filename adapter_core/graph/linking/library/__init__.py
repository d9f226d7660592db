"""What functions of the standard library give, where that decides what is called. `linking.externals` is the door."""
