"""``travis run``: plays a planned build on this computer."""
