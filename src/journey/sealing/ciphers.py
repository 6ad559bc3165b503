"""Authenticated encryption under a number that names the algorithm, so that others can follow."""

import os
from typing import Literal, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Algorithm = Literal["aes-256-gcm", "sm4-gcm"]
"""AES-256-GCM of NIST SP 800-38D; SM4-GCM of GB/T 32907 and RFC 8998, as Chinese banks are asked to use."""
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)

KEY_BYTES = 32
_NONCE_BYTES, _TAG_BYTES = 12, 16
_SM4_KEY_BYTES = 16


class NotOpened(Exception):
    """The bytes were not sealed with this key for this place."""


def encrypt(plain: bytes, key: bytes, bound: bytes, algorithm: Algorithm) -> bytes:
    """Encrypt `plain` so that it opens only with `key` and where it is `bound` to; 29 bytes longer."""
    nonce = os.urandom(_NONCE_BYTES)
    number = bytes([1 + ALGORITHMS.index(algorithm)])
    bound = number + bound
    if algorithm == "aes-256-gcm":
        return number + nonce + AESGCM(key).encrypt(nonce, plain, bound)
    encryptor = Cipher(algorithms.SM4(key[:_SM4_KEY_BYTES]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bound)
    return number + nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def decrypt(sealed: bytes, key: bytes, bound: bytes) -> bytes:
    """Return what was encrypted; raise `NotOpened` for another key, another place, or changed bytes."""
    number, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if len(rest) < _TAG_BYTES or not 1 <= number[0] <= len(ALGORITHMS):
        raise NotOpened
    bound = number + bound
    try:
        if ALGORITHMS[number[0] - 1] == "aes-256-gcm":
            return AESGCM(key).decrypt(nonce, rest, bound)
        mode = modes.GCM(nonce, rest[-_TAG_BYTES:])
        decryptor = Cipher(algorithms.SM4(key[:_SM4_KEY_BYTES]), mode).decryptor()
        decryptor.authenticate_additional_data(bound)
        return decryptor.update(rest[:-_TAG_BYTES]) + decryptor.finalize()
    except InvalidTag as error:
        raise NotOpened from error
