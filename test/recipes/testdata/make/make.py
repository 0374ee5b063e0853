"""Hashes made by Django's and Flask-Security's own code, and those of frameworks that cannot
be installed here, as their documentation says.
Usage: python3 make.py FRAMEWORKS < passwords.json
"""

import base64
import hashlib
import json
import os
import struct
import sys

frameworks = sys.argv[1]
sys.path.insert(0, frameworks + "/usr/lib/python3/dist-packages")
passwords = json.load(sys.stdin)


def emit(name, framework, version, origin, formats, only=None):
    hashes = [
        {"format": form, "password": kind, "hash": make(passwords[kind])}
        for form, make in formats.items()
        for kind in only or passwords
    ]
    print(name + "\t" + json.dumps({"framework": framework, "version": version, "origin": origin, "hashes": hashes}))


def b64(raw):
    return base64.b64encode(raw).decode()


documentation = "documentation, by Python's hashlib"

# --- Django ------------------------------------------------------------------------------------
import django  # noqa: E402
from django.conf import settings  # noqa: E402

settings.configure()
from django.contrib.auth import hashers  # noqa: E402


def django_hash(hasher, **cheap):
    for name, value in cheap.items():
        setattr(hasher, name, value)
    return lambda password: hasher.encode(password, hasher.salt())


emit("django", "Django", django.get_version(), "own code", {
    "pbkdf2_sha256": django_hash(hashers.PBKDF2PasswordHasher(), iterations=2000),
    "pbkdf2_sha1": django_hash(hashers.PBKDF2SHA1PasswordHasher(), iterations=2000),
})
# Its scrypt came with 4.0.
emit("django4", "Django", "4.0 to 5.2", documentation, {
    "scrypt": lambda p: "scrypt$1024$seasalt$8$1$" + b64(hashlib.scrypt(p.encode(), salt=b"seasalt", n=1024, r=8, p=1, dklen=64)),
})

# --- ASP.NET Identity: Microsoft.Extensions.Identity.Core, PasswordHasher.cs --------------------


def aspnet2(password):
    salt = os.urandom(16)
    return b64(b"\0" + salt + hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 1000, 32))


def aspnet3(function, digest, rounds):
    def make(password):
        salt = os.urandom(16)
        return b64(b"\1" + struct.pack(">III", function, rounds, 16) + salt + hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds, 32))

    return make


emit("aspnet", "ASP.NET Identity", "2, and Core 1 to 9", documentation, {
    "version 2": aspnet2,
    "version 3, SHA-256": aspnet3(1, "sha256", 10000),
    "version 3, SHA-512": aspnet3(2, "sha512", 100000),
})

# --- Spring Security: DelegatingPasswordEncoder -------------------------------------------------


def spring(name, digest, rounds, salt_bytes):
    def make(password):
        salt = os.urandom(salt_bytes)
        return name + (salt + hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds, 32)).hex()

    return make


def spring_scrypt(password):
    salt = os.urandom(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=1 << 10, r=8, p=1, dklen=32)
    return "{scrypt@SpringSecurity_v5_8}$" + format(10 << 16 | 8 << 8 | 1, "x") + "$" + b64(salt) + "$" + b64(key)


# Its rounds cannot be chosen, so these take long.
emit("spring", "Spring Security", "5 to 7", documentation, {"{pbkdf2}": spring("{pbkdf2}", "sha1", 185000, 8)})
emit("spring58", "Spring Security", "5.8 to 7", documentation, {
    "{pbkdf2@SpringSecurity_v5_8}": spring("{pbkdf2@SpringSecurity_v5_8}", "sha256", 310000, 16),
})
emit("springscrypt", "Spring Security", "5.8 to 7", documentation, {"{scrypt@SpringSecurity_v5_8}": spring_scrypt})

# --- Keycloak: the credentials of a realm export ------------------------------------------------


def keycloak(algorithm, digest, rounds):
    def make(password):
        salt = os.urandom(16)
        key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds, 64)
        return json.dumps({
            "secretData": json.dumps({"value": b64(key), "salt": b64(salt), "additionalParameters": {}}),
            "credentialData": json.dumps({"hashIterations": rounds, "algorithm": algorithm, "additionalParameters": {}}),
        })

    return make


emit("keycloak", "Keycloak", "12 to 26", documentation, {
    "pbkdf2-sha256": keycloak("pbkdf2-sha256", "sha256", 2750),
    "pbkdf2-sha512": keycloak("pbkdf2-sha512", "sha512", 2100),
    "pbkdf2": keycloak("pbkdf2", "sha1", 2000),
})

# --- Discourse: the table user_passwords --------------------------------------------------------


def discourse(password):
    salt = os.urandom(16).hex()
    return json.dumps({"salt": salt, "hash": hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), 6000, 32).hex()})


emit("discourse", "Discourse", "3", documentation, {"$pbkdf2-sha256$i=6000,l=32$": discourse})
