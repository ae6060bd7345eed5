"""The client of an account owner: the ends' rules over HTTP, for the command line, the demo and tests."""
