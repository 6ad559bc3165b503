"""Personal data, sealed: with a key for each customer and purpose, so that it can be forgotten for good.

What the log and the read models hold is sealed; it is opened where an answer leaves the service, and nowhere
else. Whoever destroys a key destroys what was sealed with it, in every copy there is.
"""
