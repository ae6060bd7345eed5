"""Message types, limits, error codes and signature checks that every part shares. No I/O and no cipher."""
