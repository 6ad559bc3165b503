"""Who read what of whom: every opening of personal data is recorded before anybody is told it.

The records are append-only and chained by hash: whoever changes or removes one breaks the chain.
"""
