"""Network sandboxes: a command in one reaches the given loopback ports and no other address.

``start`` is for the program; ``launcher`` runs inside, before the command. Modules that the
launcher imports use the standard library only: ``python -I -S`` runs it, so that it starts quickly.
"""
