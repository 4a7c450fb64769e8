"""Pure rules: what is allowed, what follows, what is said. No await, no clock, no file, no socket."""
