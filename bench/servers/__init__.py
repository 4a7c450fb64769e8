"""The servers a measurement needs, each a process of its own: the bot as it is served, what stands around it, and the floors."""
