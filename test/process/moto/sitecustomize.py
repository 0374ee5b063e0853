"""Python runs this before moto_server. It keeps moto from doing the same work again.

Every user pool of moto signs with one key, the file jwks-private.json. To read it includes
a proof that its factors are prime. This proof took 0.15 of the 0.16 seconds of a new pool.

At each request, moto lists its own folder twice and the methods of the service's class once.
That was a third of the time of a request.

In another version of moto these parts may be missing. It is then only slower.
"""

import functools
import json

try:
    from joserfc.jwk import RSAKey
except ImportError:
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

try:
    from moto import backends
    from moto.core import utils

    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    utils.method_names_from_class = functools.cache(utils.method_names_from_class)
except (ImportError, AttributeError):
    pass
