"""Networks of other kinds that were taught to fill in masked tokens, each in a file that is read from top to bottom.

Parameter names are those of the `transformers` library, without what all begin with. None is told a noise level.
"""
