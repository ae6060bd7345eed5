"""Reports by mail: written when a period is over, as its receiver may see it then, each once."""
