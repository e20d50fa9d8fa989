"""What keeps the collection's derived files current; run by its makers, never by its users."""
