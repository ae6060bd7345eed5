"""Rule sets: stored as signed, checked as far as one can without keys; what they say in the open is added up."""
