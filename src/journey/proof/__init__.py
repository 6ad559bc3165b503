"""Proof: hashes over what the log holds, in a tree whose root is signed, as docs/proof.md specifies them."""
