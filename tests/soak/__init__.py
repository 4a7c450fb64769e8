"""The whole bot under load for long: nothing may grow, slow down, get lost or be said that is not so."""
