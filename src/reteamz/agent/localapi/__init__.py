"""ActivityWatch's REST API on a local port, so that existing watchers feed this agent (agent page, "ActivityWatch on the local port")."""
