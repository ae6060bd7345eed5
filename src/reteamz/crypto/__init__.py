"""What only ends may do: keys, tokens, sealing, rosters, grants, recovery. Pure functions without I/O."""
