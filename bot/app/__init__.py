"""The wiring: the only room that knows every other. It owns the clock, the ids and the order of start and stop."""
