"""Finds customers by name, phone or number of a document without holding any of them: a keyed blind index.

It holds digests that nobody can make without the key, and can be deleted and made anew from the log at any
time; of whoever is erased nothing comes back, because their keys are gone.
"""
