"""Drawing on the maps of a sample, on Annotate and on Guide.

`acting` applies what was drawn, `regions` lists what may be drawn, `pictures` draws it, and `remembered` is what a session
remembers of it.
"""
