"""Backends that are as strict as the vendors' own: what a vendor refuses with 400 is refused here, in its words.

`server.py` is the server and the neutral words of a test's script; each other file is one wire. No wire looks at who calls:
clients can be pointed straight at it, which is how the rig itself is checked (`test_strict_backends.py`).
"""
