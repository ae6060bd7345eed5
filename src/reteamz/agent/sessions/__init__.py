"""The people at one computer: a session each, told apart by the user that the kernel names."""
