"""A simulated company whose days go through the real agent, the real upload API and the real owner's ceremonies."""
