"""What becomes of a customer's personal data when it is restricted, held, or erased for good.

The customer's own stream says what was asked and what was done; everything else here follows from it, and can
be done again.
"""
