"""Python runs this before moto_server. It keeps moto from reading the same key for each pool.

Every user pool of moto signs with one key, the file jwks-private.json. To read it includes
a proof that its factors are prime. This proof took 0.15 of the 0.16 seconds of a new pool.
"""

import json

try:
    from joserfc.jwk import RSAKey
except ImportError:  # another version of moto, which is only slower
    pass
else:
    read_key = RSAKey.import_key
    keys = {}

    def import_key(value, *args, **named):
        if not isinstance(value, dict) or args or named:
            return read_key(value, *args, **named)
        text = json.dumps(value, sort_keys=True)
        if text not in keys:
            keys[text] = read_key(value)
        return keys[text]

    RSAKey.import_key = staticmethod(import_key)
