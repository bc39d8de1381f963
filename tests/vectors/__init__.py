"""Published test vectors, and the programs that hold the code to them."""
