#!/usr/bin/env python3
"""A second verifier of decision receipts (`decision-<id>.receipt.json`).

It was first written from the specification alone (receipt.md, counting.md, waiver.md and the vectors beside them),
without a look at any other code of the project, and changes with that text since: the same commits change both, and the
verifier in TypeScript. It is there to show that text and programs say the same. Python 3.11, standard library
only; no network. Numbers are Python's integers and fractions, so all arithmetic is exact. Comments name the section
they follow: "§ 3" is one of receipt.md, "counting § 3" one of counting.md, "waiver" is waiver.md.

    verify.py RECEIPT [TRUST] [--waivers FILE] [--now TIME]    one receipt; the exit code is that of § 9
    verify.py --batch                                          a JSON document a line on standard input
    verify.py --manifest FOLDER                                compare with the vectors of a folder

Exit codes: 0 nothing is wrong with it, 7 consistent but without a trust root, 2 a signature fails, 3 the log does not
prove it, 4 ballots or counting are wrong, 5 a key is not one the reader trusts, 6 malformed, 9 a demand of the reader
is not met, 10 it did not come to verifying.
"""

import base64
import functools
import hashlib
import json
import os
import re
import sys
import time
from fractions import Fraction

MAX_SAFE = 2**53 - 1


class Malformed(Exception):
    """A text or a value that is not what the specification says: exit code 6, or 10 in a trust root."""


def need(condition, why):
    """Refuse what does not hold."""
    if not condition:
        raise Malformed(why)


# ---------------------------------------------------------------------------------------------------------------------
# § 1  Text, numbers, bytes
# ---------------------------------------------------------------------------------------------------------------------

JSON_SPACE = re.compile(r"[ \t\n\r]*")
JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)")
JSON_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
JSON_HEX4 = re.compile(r"[0-9a-fA-F]{4}")
JSON_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
JSON_WORDS = (("true", True), ("false", False), ("null", None))
MAX_DEPTH = 64
MAX_VALUES = 1_000_000


class StrictJson:
    """Reads one JSON text as § 1 narrows it. Recursion is bounded by MAX_DEPTH."""

    def __init__(self, text):
        self.text, self.at, self.values = text, 0, 0

    def document(self):
        value = self.value(0)
        self.space()
        need(self.at == len(self.text), "something follows the JSON value")
        return value

    def space(self):
        self.at = JSON_SPACE.match(self.text, self.at).end()

    def peek(self):
        return self.text[self.at : self.at + 1]

    def take(self, char):
        need(self.peek() == char, f"JSON: {char} expected")
        self.at += 1

    def value(self, depth):
        need(depth <= MAX_DEPTH, "JSON: too deep")
        self.values += 1
        need(self.values <= MAX_VALUES, "JSON: too many values")
        self.space()
        char = self.peek()
        if char == "{":
            return self.object(depth)
        if char == "[":
            return self.array(depth)
        if char == '"':
            return self.string()
        for word, meaning in JSON_WORDS:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        return self.number()

    def number(self):
        match = JSON_NUMBER.match(self.text, self.at)
        need(match is not None, "JSON: a value expected")
        digits, self.at = match.group(), match.end()
        need(self.peek() not in tuple("0123456789.eE"), "JSON: only integers")
        need(digits != "-0" and len(digits) <= 17, "JSON: number")
        need(abs(int(digits)) <= MAX_SAFE, "JSON: unsafe integer")
        return int(digits)

    def string(self):
        self.take('"')
        parts, surrogates = [], False
        while True:
            match = JSON_PLAIN.match(self.text, self.at)
            parts.append(match.group())
            self.at = match.end()
            if self.peek() != "\\":
                break
            self.at += 1
            parts.append(self.escape())
            surrogates = surrogates or "\ud800" <= parts[-1] <= "\udfff"
        self.take('"')
        text = "".join(parts)
        return pair_surrogates(text) if surrogates else text

    def escape(self):
        char = self.peek()
        self.at += 1
        if char == "u":
            match = JSON_HEX4.match(self.text, self.at)
            need(match is not None, "JSON: escape")
            self.at = match.end()
            return chr(int(match.group(), 16))
        need(char in JSON_ESCAPES, "JSON: escape")
        return JSON_ESCAPES[char]

    def array(self, depth):
        self.take("[")
        items = []
        self.space()
        if self.peek() != "]":
            items.append(self.value(depth + 1))
            self.space()
            while self.peek() == ",":
                self.at += 1
                items.append(self.value(depth + 1))
                self.space()
        self.take("]")
        return items

    def object(self, depth):
        self.take("{")
        members = {}
        self.space()
        if self.peek() != "}":
            self.member(members, depth)
            while self.peek() == ",":
                self.at += 1
                self.space()
                self.member(members, depth)
        self.take("}")
        return members

    def member(self, members, depth):
        name = self.string()
        need(name != "__proto__" and name not in members, "JSON: a member twice, or __proto__")
        self.space()
        self.take(":")
        members[name] = self.value(depth + 1)
        self.space()


def pair_surrogates(text):
    """Join the surrogates that were written as escapes; one without its partner is refused."""
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise Malformed("JSON: a lone surrogate") from None


def read_json(data):
    """The value of a strict JSON text, given as bytes (§ 1)."""
    try:
        text = data.decode("utf-8")  # keeps a byte order mark, which is then no JSON
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    return StrictJson(text).document()


JCS_SPECIAL = re.compile(r'["\\\x00-\x1f]')
JCS_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def jcs_string(text):
    return '"' + JCS_SPECIAL.sub(lambda m: JCS_SHORT.get(m.group()) or f"\\u{ord(m.group()):04x}", text) + '"'


def utf16_order(name):
    """Sort key: names are compared as sequences of UTF-16 code units."""
    return name.encode("utf-16-be")


def jcs_text(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return jcs_string(value)
    if isinstance(value, dict):
        names = sorted(value, key=utf16_order)
        return "{" + ",".join(jcs_string(name) + ":" + jcs_text(value[name]) for name in names) + "}"
    return "[" + ",".join(map(jcs_text, value)) + "]"


def jcs(value):
    """Canonical JSON, as bytes (§ 1)."""
    return jcs_text(value).encode("utf-8")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def sha256_hex(*parts):
    return sha256(*parts).hex()


BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def from_base64(text):
    """The bytes of the one spelling that § 1 allows, or Malformed."""
    need(isinstance(text, str) and len(text) % 4 == 0 and BASE64.fullmatch(text), "base64")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("base64") from None
    need(base64.b64encode(data).decode() == text, "base64: unused bits")
    return data


def base64url(data):
    """RFC 4648 § 5 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def units(text):
    """The length of a string in UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text) if not text.isascii() else len(text)


WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
BLANK = re.compile(f"[{WHITE_SPACE}]*")
NOT_IN_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z")


def is_blank(text):
    return BLANK.fullmatch(text) is not None


# ---------------------------------------------------------------------------------------------------------------------
# § 1  Shapes: each of these makes a function that refuses a value which is not of the kind
# ---------------------------------------------------------------------------------------------------------------------


def literal(*values):
    """One of these strings or integers (true is no 1)."""

    def check(value):
        need(any(type(value) is type(v) and value == v for v in values), f"one of {values} expected")

    return check


def integer(low, high=MAX_SAFE):
    def check(value):
        need(type(value) is int and low <= value <= high, f"an integer from {low} to {high} expected")

    return check


def boolean(value):
    need(type(value) is bool, "a boolean expected")


def string(high, low=0):
    def check(value):
        need(isinstance(value, str) and low <= units(value) <= high, f"a string of {low} to {high} expected")

    return check


def line(high):
    def check(value):
        string(high, 1)(value)
        need(not NOT_IN_LINE.search(value), "a control character in a line")

    return check


def text(high):
    def check(value):
        string(high, 1)(value)
        need(not NOT_IN_TEXT.search(value), "a control character in a text")

    return check


def pattern(regex, why):
    compiled = re.compile(regex)

    def check(value):
        need(isinstance(value, str) and compiled.fullmatch(value), why)

    return check


def base64_chars(high, low=0):
    def check(value):
        string(high, low)(value)
        from_base64(value)

    return check


def base64_of(*sizes):
    def check(value):
        need(len(from_base64(value)) in sizes, f"base64 of {sizes} bytes expected")

    return check


def array(item, high, low=0):
    def check(value):
        need(isinstance(value, list) and low <= len(value) <= high, f"a list of {low} to {high} expected")
        for each in value:
            item(each)

    return check


def table(name, item, high):
    """An object used as a map, of at most `high` members."""

    def check(value):
        need(isinstance(value, dict) and len(value) <= high, "an object expected")
        for key, each in value.items():
            name(key)
            item(each)

    return check


def members(required, optional=None):
    """An object of exactly these members; an optional one is absent or right, never null."""
    optional = optional or {}

    def check(value):
        need(isinstance(value, dict), "an object expected")
        need(all(name in value for name in required), "a member is missing")
        for name, each in value.items():
            need(name in required or name in optional, f"unknown member {name!r}")
            (required.get(name) or optional[name])(each)

    return check


def check_free_json(value, depth=0):
    """The values of disclosures and of the detail of a tally (§ 2, § 3)."""
    need(depth < 12, "a value too deep")
    if isinstance(value, str):
        need(units(value) <= 100_000, "a string too long")
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            check_free_json(each, depth + 1)


check_digest = pattern(r"[0-9a-f]{64}", "a digest expected")
check_object_id = pattern(r"[0-9a-f]{40}|[0-9a-f]{64}", "an object id expected")
check_time = pattern(TIME.pattern, "a time expected")
check_salt = base64_of(32)
check_key = base64_of(32, 65)
check_seq = integer(1)
check_id = line(100)


def check_option_id(value):
    check_id(value)
    need(value != "__proto__", "__proto__ is no option")


# ---------------------------------------------------------------------------------------------------------------------
# § 1  Ed25519 (RFC 8032), with the choices that § 1 makes. Points are (X, Y, Z, T), x = X/Z, y = Y/Z, T = XY/Z.
# ---------------------------------------------------------------------------------------------------------------------

P25519 = 2**255 - 19
L25519 = 2**252 + 27742317777372353535851937790883648493
D25519 = -121665 * pow(121666, -1, P25519) % P25519
D2_25519 = 2 * D25519 % P25519
SQRT_M1 = pow(2, (P25519 - 1) // 4, P25519)
ED_NEUTRAL = (0, 1, 1, 0)
SMALL_ORDER = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
}


def ed_add(a, b):
    """Complete addition on the twisted Edwards curve (RFC 8032 § 5.1.4)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m = (y1 - x1) * (y2 - x2) % P25519
    n = (y1 + x1) * (y2 + x2) % P25519
    c = t1 * D2_25519 * t2 % P25519
    d = 2 * z1 * z2 % P25519
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P25519, g * h % P25519, f * g % P25519, e * h % P25519


def ed_double(a):
    x1, y1, z1, _ = a
    m, n = x1 * x1 % P25519, y1 * y1 % P25519
    h = m + n
    e = h - (x1 + y1) * (x1 + y1) % P25519
    g = m - n
    f = 2 * z1 * z1 % P25519 + g
    return e * f % P25519, g * h % P25519, f * g % P25519, e * h % P25519


def ed_decode(data):
    """The point of 32 bytes, or None if they are none (RFC 8032 § 5.1.3)."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P25519:
        return None
    u, v = (y * y - 1) % P25519, (D25519 * y * y + 1) % P25519
    x = u * pow(v, 3, P25519) * pow(u * pow(v, 7, P25519), (P25519 - 5) // 8, P25519) % P25519
    if v * x * x % P25519 != u:
        x = x * SQRT_M1 % P25519
        if v * x * x % P25519 != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P25519 - x
    return x, y, 1, x * y % P25519


def ed_encode(a):
    x, y, z, _ = a
    inverse = pow(z, -1, P25519)
    x, y = x * inverse % P25519, y * inverse % P25519
    return (y | (x & 1) << 255).to_bytes(32, "little")


def window_table(point, add, neutral):
    """0 to 15 times a point, for windows of four bits."""
    multiples = [neutral]
    for _ in range(15):
        multiples.append(add(multiples[-1], point))
    return multiples


def two_scalars(u, first, v, second, add, double, neutral):
    """u times a point and v times another, given their tables, by Straus with windows of four bits."""
    result = neutral
    for shift in range(252, -4, -4):
        for _ in range(4):
            result = double(result)
        if u >> shift & 15:
            result = add(result, first[u >> shift & 15])
        if v >> shift & 15:
            result = add(result, second[v >> shift & 15])
    return result


ED_BASE = ed_decode(bytes.fromhex("58" + "66" * 31))
ED_BASE_TABLE = window_table(ED_BASE, ed_add, ED_NEUTRAL)


def ed_key_is_safe(key):
    """§ 1: 32 bytes, y below p, none of the points of small order."""
    if len(key) != 32:
        return False
    cleared = key[:31] + bytes([key[31] & 0x7F])
    return int.from_bytes(cleared, "little") < P25519 and cleared.hex() not in SMALL_ORDER


@functools.lru_cache(maxsize=1024)
def ed_negated_table(key):
    """The table of minus the point of a key; None where the key is not safe or not on the curve."""
    point = ed_decode(key) if ed_key_is_safe(key) else None
    if point is None:
        return None
    x, y, z, t = point
    return window_table((P25519 - x, y, z, P25519 - t), ed_add, ED_NEUTRAL)


def ed_holds(key, message, signature):
    """§ 1: the equation without the cofactor; no error, whatever the bytes."""
    minus_key = ed_negated_table(key)
    if minus_key is None or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L25519:
        return False
    k = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L25519
    return ed_encode(two_scalars(s, ED_BASE_TABLE, k, minus_key, ed_add, ed_double, ED_NEUTRAL)) == r


# ---------------------------------------------------------------------------------------------------------------------
# § 1  ES256: ECDSA on P-256. Points are Jacobian (X, Y, Z), x = X/Z², y = Y/Z³; Z = 0 is the neutral one.
# ---------------------------------------------------------------------------------------------------------------------

P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B256 = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G256 = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
P256_NEUTRAL = (1, 1, 0)


def p256_double(a):
    x, y, z = a
    if z == 0 or y == 0:
        return P256_NEUTRAL
    delta, gamma = z * z % P256, y * y % P256
    beta = x * gamma % P256
    alpha = 3 * (x - delta) * (x + delta) % P256
    x3 = (alpha * alpha - 8 * beta) % P256
    z3 = 2 * y * z % P256
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % P256, z3


def p256_add(a, b):
    if a[2] == 0:
        return b
    if b[2] == 0:
        return a
    x1, y1, z1 = a
    x2, y2, z2 = b
    z1z1, z2z2 = z1 * z1 % P256, z2 * z2 % P256
    u1, u2 = x1 * z2z2 % P256, x2 * z1z1 % P256
    s1, s2 = y1 * z2 * z2z2 % P256, y2 * z1 * z1z1 % P256
    h, r = (u2 - u1) % P256, (s2 - s1) % P256
    if h == 0:
        return p256_double(a) if r == 0 else P256_NEUTRAL
    hh = h * h % P256
    hhh, v = h * hh % P256, u1 * hh % P256
    x3 = (r * r - hhh - 2 * v) % P256
    return x3, (r * (v - x3) - s1 * hhh) % P256, z1 * z2 * h % P256


P256_BASE_TABLE = window_table(G256, p256_add, P256_NEUTRAL)


@functools.lru_cache(maxsize=1024)
def p256_table(key):
    """The table of a safe key; None where it is not safe (§ 1)."""
    if len(key) != 65 or key[0] != 4:
        return None
    x, y = int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big")
    if x >= P256 or y >= P256 or (y * y - (x * x * x - 3 * x + B256)) % P256:
        return None
    return window_table((x, y, 1), p256_add, P256_NEUTRAL)


def p256_key_is_safe(key):
    return p256_table(key) is not None


def der_integer(data):
    """The integer at the front and what follows it, or None (§ 1)."""
    if len(data) < 3 or data[0] != 2 or not 1 <= data[1] <= len(data) - 2:
        return None
    body = data[2 : 2 + data[1]]
    if body[0] >= 0x80 or (body[0] == 0 and (len(body) < 2 or body[1] < 0x80)):
        return None
    if len(body) - (body[0] == 0) > 32:
        return None
    return int.from_bytes(body, "big"), data[2 + data[1] :]


def der_signature(data):
    """(r, s) of a signature in the one form of § 1, or None."""
    if not 2 <= len(data) <= 72 or data[0] != 0x30 or data[1] != len(data) - 2:
        return None
    first = der_integer(data[2:])
    second = der_integer(first[1]) if first else None
    if not second or second[1]:
        return None
    return first[0], second[0]


def es256_holds(key, message, signature):
    """§ 1, FIPS 186-5 § 6.4.2; no error, whatever the bytes."""
    points, pair = p256_table(key), der_signature(signature)
    if points is None or pair is None:
        return False
    r, s = pair
    if not (1 <= r < N256 and 1 <= s < N256):
        return False
    e, w = int.from_bytes(sha256(message), "big"), pow(s, -1, N256)
    x, _, z = two_scalars(e * w % N256, P256_BASE_TABLE, r * w % N256, points, p256_add, p256_double, P256_NEUTRAL)
    return z != 0 and x * pow(z * z, -1, P256) % P256 % N256 == r


# ---------------------------------------------------------------------------------------------------------------------
# § 4  A voter's signature
# ---------------------------------------------------------------------------------------------------------------------


def authenticator_data_holds(data, rp_id):
    """37 bytes: the site, user present and verified, neither attested data nor extensions."""
    if len(data) != 37 or data[:32] != sha256(rp_id.encode()):
        return False
    return data[32] & 0xC5 == 0x05


def client_data_holds(data, message, origin):
    try:
        client = read_json(data)
    except Malformed:
        return False
    if not isinstance(client, dict) or "topOrigin" in client:
        return False
    if client.get("crossOrigin") is not None and client["crossOrigin"] is not False:
        return False
    expected = ("webauthn.get", base64url(sha256(message)), origin)
    return (client.get("type"), client.get("challenge"), client.get("origin")) == expected


def voter_signature_holds(voter, signature, message):
    """`signature` has the shape of one, `voter` is that of an electorate (§ 3)."""
    algorithm, key = voter["algorithm"], from_base64(voter["publicKey"])
    if signature["algorithm"] != algorithm:
        return False
    if algorithm == "ed25519":
        return ed_holds(key, message, from_base64(signature["value"]))
    site = voter["relyingParty"]
    authenticator = from_base64(signature["authenticatorData"])
    client = from_base64(signature["clientDataJSON"])
    if not authenticator_data_holds(authenticator, site["rpId"]):
        return False
    if not client_data_holds(client, message, site["origin"]):
        return False
    holds = es256_holds if algorithm == "webauthn-es256" else ed_holds
    return holds(key, authenticator + sha256(client), from_base64(signature["signature"]))


# ---------------------------------------------------------------------------------------------------------------------
# § 5  The log: proofs, signed notes, checkpoints, verifier keys, inclusion
# ---------------------------------------------------------------------------------------------------------------------

DECIMAL = re.compile(r"0|[1-9][0-9]*")
LATER_LOG = re.compile(r"[2-9]|[1-9][0-9]{1,8}")
NOTE_NAME = f"[^{WHITE_SPACE}\u0085+]+"
SIGNATURE_LINE = re.compile(f"\u2014 ({NOTE_NAME}) ([A-Za-z0-9+/=]+)")
VERIFIER_KEY = re.compile(f"({NOTE_NAME})\\+([0-9a-f]{{8}})\\+([A-Za-z0-9+/=]+)")
NOT_IN_NOTE = re.compile(r"[\x00-\x09\x0b-\x1f]")
LOG_KEY, WITNESS_KEY = 1, 4


def read_decimal(digits):
    need(DECIMAL.fullmatch(digits) and len(digits) <= 16 and int(digits) <= MAX_SAFE, "a decimal expected")
    return int(digits)


def read_hash(line_):
    data = from_base64(line_)
    need(len(data) == 32, "a hash of 32 bytes expected")
    return data


def read_proof(proof):
    """A tlog-proof: (index, audit path, the note after the first empty line)."""
    head, gap, note = proof.partition("\n\n")
    need(gap, "proof: no empty line")
    lines = head.split("\n")
    need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "proof: header")
    if lines and lines[0].startswith("extra "):
        from_base64(lines.pop(0)[len("extra ") :])
    need(lines and lines[0].startswith("index "), "proof: index")
    index = read_decimal(lines.pop(0)[len("index ") :])
    need(len(lines) <= 64, "proof: too many hashes")
    return index, [read_hash(each) for each in lines], note


def read_note(note):
    """A signed note: (text, [(name, key id, signature)])."""
    need(units(note) <= 1_000_000, "note: too long")
    end = note.rfind("\n\n")
    need(end >= 0, "note: no empty line")
    body, rest = note[: end + 1], note[end + 2 :]
    need(not NOT_IN_NOTE.search(body), "note: a control character")
    need(rest.endswith("\n"), "note: the last line")
    lines = rest[:-1].split("\n")
    need(1 <= len(lines) <= 100, "note: number of signatures")
    return body, [read_signature_line(each) for each in lines]


def read_signature_line(line_):
    match = SIGNATURE_LINE.fullmatch(line_)
    need(match is not None, "note: a signature line")
    data = from_base64(match.group(2))
    need(len(data) >= 5, "note: a signature too short")
    return match.group(1), data[:4], data[4:]


def read_checkpoint(body):
    """The text of the note: (origin, size, root)."""
    lines = body[:-1].split("\n")
    need(len(lines) >= 3 and all(lines), "checkpoint")
    return lines[0], read_decimal(lines[1]), read_hash(lines[2])


def log_family(origin):
    """(tenant, number) of an origin that can follow another or be followed, or None (§ 5, "An origin follows")."""
    start = origin.rfind("/log/")
    tenant, slash, number = origin[start + len("/log/") :].partition("/")
    if start < 1 or not tenant or (slash and not LATER_LOG.fullmatch(number)):
        return None
    return origin[:start] + "/log/" + tenant, int(number or 1)


def origin_follows(later, earlier):
    after, before = log_family(later), log_family(earlier)
    return bool(after and before) and after[0] == before[0] and after[1] > before[1]


def read_verifier_key(value, kind):
    """(name, key id, public key) of a verifier key of this type."""
    match = VERIFIER_KEY.fullmatch(value) if isinstance(value, str) else None
    need(match is not None, "a verifier key expected")
    name, key_id, data = match.group(1), bytes.fromhex(match.group(2)), from_base64(match.group(3))
    need(data[:1] == bytes([kind]) and ed_key_is_safe(data[1:]), "a verifier key of another type, or unsafe")
    need(key_id == sha256(name.encode(), b"\n", data)[:4], "a verifier key with a wrong key id")
    return name, key_id, data[1:]


def log_line_holds(key, body, signature):
    return ed_holds(key, body.encode(), signature)


def witness_line_holds(key, body, signature):
    """A cosignature/v1: the seconds, then the signature over them and the text."""
    seconds = int.from_bytes(signature[:8], "big")
    if len(signature) != 72 or seconds > 2**63 - 1:
        return False
    return ed_holds(key, f"cosignature/v1\ntime {seconds}\n".encode() + body.encode(), signature[8:])


def check_note(note, keys, line_holds):
    """The keys that hold, or None where a line of one of them fails: the note is spoilt."""
    body, lines = note
    holding = set()
    for name, key_id, signature in lines:
        key = next((k for k in keys if k[:2] == (name, key_id)), None)
        if key is None:
            continue
        if not line_holds(key[2], body, signature):
            return None
        holding.add(key)
    return holding


def is_included(leaf, index, size, path, root):
    """RFC 9162 § 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, sha256(b"\0", leaf)
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha256(b"\1", p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1", r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


# ---------------------------------------------------------------------------------------------------------------------
# § 8  The trust root
# ---------------------------------------------------------------------------------------------------------------------


def some_string(value):
    need(isinstance(value, str) and value != "", "a string that is not empty expected")


def safe_ed25519(value):
    need(ed_key_is_safe(from_base64(value)), "a safe Ed25519 key expected")


def safe_key(value):
    key = from_base64(value)
    need(ed_key_is_safe(key) or p256_key_is_safe(key), "a safe key expected")


def verifier_key(kind):
    def check(value):
        read_verifier_key(value, kind)

    return check


UNBOUNDED = MAX_VALUES
NAMED_KEY = members({"keyid": some_string, "publicKey": safe_ed25519})
TRUST_SHAPE = members(
    {
        "version": literal(1),
        "logs": array(verifier_key(LOG_KEY), UNBOUNDED, 1),
        "services": array(NAMED_KEY, UNBOUNDED, 1),
    },
    {
        "witnesses": members({"keys": array(verifier_key(WITNESS_KEY), UNBOUNDED), "threshold": integer(0)}),
        "voters": array(members({"voterId": some_string, "publicKey": safe_key}), UNBOUNDED),
        "algorithms": array(literal("ed25519", "webauthn-es256", "webauthn-eddsa"), UNBOUNDED, 1),
        "relyingParties": array(members({"rpId": some_string, "origin": some_string}), UNBOUNDED, 1),
        "minExternalCustody": integer(0),
        "require": members(
            {},
            {
                "outcome": some_string,
                "panelSha256": some_string,
                "origin": some_string,
                "repository": some_string,
                "waves": some_string,
            },
        ),
        "waivers": members({"keys": array(NAMED_KEY, UNBOUNDED), "threshold": integer(1)}),
    },
)


def distinct(values, why):
    values = list(values)
    need(len(set(values)) == len(values), why)


class TrustRoot:
    """What the reader believes; Malformed where it is refused."""

    def __init__(self, data):
        root = read_json(data)
        TRUST_SHAPE(root)
        witnesses = root.get("witnesses", {"keys": [], "threshold": 0})
        waivers = root.get("waivers", {"keys": [], "threshold": 0})
        self.logs = [read_verifier_key(each, LOG_KEY) for each in root["logs"]]
        self.witnesses = [read_verifier_key(each, WITNESS_KEY) for each in witnesses["keys"]]
        self.witness_threshold = witnesses["threshold"]
        self.services = self.named(root["services"], "keyid")
        self.voters = self.named(root.get("voters", []), "voterId")
        self.algorithms = root.get("algorithms")
        self.sites = root.get("relyingParties")
        self.min_external = root.get("minExternalCustody", 0)
        self.require = root.get("require", {})
        self.waiver_keys = self.named(waivers["keys"], "keyid")
        self.waiver_threshold = waivers["threshold"]
        self.may_waive = "waivers" in root
        distinct(((name, key) for name, _, key in self.logs), "two logs of one name and key")
        distinct(((name, key) for name, _, key in self.witnesses), "two witnesses of one name and key")
        distinct((key for _, _, key in self.witnesses), "two witnesses of one key")
        distinct(self.waiver_keys.values(), "two waiver keys are the same")
        distinct(self.algorithms or [], "an algorithm twice")
        distinct(((each["rpId"], each["origin"]) for each in self.sites or []), "a relying party twice")
        need(self.witness_threshold <= len(self.witnesses), "more witnesses demanded than named")
        need(self.waiver_threshold <= len(self.waiver_keys), "more waivers demanded than keys named")
        need(self.min_external == 0 or "voters" in root, "minExternalCustody without voters")

    @staticmethod
    def named(entries, name):
        distinct((each[name] for each in entries), f"a {name} twice")
        return {each[name]: each["publicKey"] for each in entries}


# ---------------------------------------------------------------------------------------------------------------------
# § 2  The envelope, and waivers (waiver)
# ---------------------------------------------------------------------------------------------------------------------


def dsse_encoding(payload_type, payload):
    """What a DSSE signature signs (§ 2)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope_signed_by(key, envelope):
    payload = from_base64(envelope["payload"])
    signature = from_base64(envelope["signatures"][0]["sig"])
    return ed_holds(from_base64(key), dsse_encoding(envelope["payloadType"], payload), signature)


WAIVER_TYPE = "application/vnd.conclave.waiver.v1+json"
WAIVER_ENVELOPE = members(
    {
        "payloadType": literal(WAIVER_TYPE),
        "payload": base64_chars(200_000, 1),
        "signatures": array(members({"keyid": string(200, 1), "sig": base64_chars(200, 1)}), 1, 1),
    }
)


def check_objection(value):
    need(isinstance(value, dict), "an objection expected")
    if "gate" in value:
        members({"gate": line(100), "sha256": check_digest})(value)
    else:
        members({"voterId": check_id}, {"findingsSha256": check_digest})(value)


WAIVER_SHAPE = members(
    {
        "version": literal(1),
        "decision": check_id,
        "commit": check_object_id,
        "payloadSha256": check_digest,
        "waives": array(check_objection, 100, 1),
        "reason": text(4_000),
        "issuedAt": check_time,
        "expiresAt": check_time,
    }
)
SIX_MINUTES = 6 * 60 * 1000


def days_to_month(year, month):
    """Days from 0000-03-01 to the first of a month, in the proleptic Gregorian calendar."""
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5


UNIX_EPOCH = days_to_month(1970, 1)


def milliseconds(stamp):
    """A time of § 1 as milliseconds since 1970 (waiver, "What counts", 3), or None if there is no such time."""
    match = TIME.fullmatch(stamp)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match.group(i)) for i in range(1, 7))
    fraction = int(((match.group(7) or "") + "000")[:3])
    if not (1 <= month <= 12 and 1 <= day <= 31 and minute <= 59 and second <= 59):
        return None
    if hour > 23 and (hour, minute, second, fraction) != (24, 0, 0, 0):
        return None
    days = days_to_month(year, month) + day - 1 - UNIX_EPOCH
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction


def read_waiver(data, trust):
    """(keyid, waiver) of a line that is one and is signed by a key of the trust root; else Malformed."""
    envelope = read_json(data)
    WAIVER_ENVELOPE(envelope)
    waiver = read_json(from_base64(envelope["payload"]))
    WAIVER_SHAPE(waiver)
    keyid = envelope["signatures"][0]["keyid"]
    need(keyid in trust.waiver_keys, "a waiver of nobody who may waive")
    need(envelope_signed_by(trust.waiver_keys[keyid], envelope), "a waiver whose signature fails")
    return keyid, waiver


def waiver_counts(waiver, predicate, payload_sha256, now):
    issued, expires = milliseconds(waiver["issuedAt"]), milliseconds(waiver["expiresAt"])
    if issued is None or expires is None:
        return False
    return (
        waiver["decision"] == predicate["decisionId"]
        and waiver["commit"] == predicate["subject"]["head"]
        and waiver["payloadSha256"] == payload_sha256
        and issued <= now + SIX_MINUTES
        and expires > now
    )


def objections(predicate):
    """What can be waived of a receipt, as canonical JSON (waiver, "What can be waived")."""
    winners = predicate["tally"]["winners"]
    if predicate["rule"]["method"] != "approval-gate" or "subject" not in predicate:
        return set()
    if predicate["outcome"]["status"] != "rejected" or predicate["tally"]["status"] != "decided":
        return set()
    if "vetoed" in predicate or "stopped" in predicate or silent_gates(predicate):
        return set()
    counted = {r["voterId"] for r in predicate["ballots"] if r["status"] == "counted"}
    if lacking(predicate, [v for v in predicate["electorate"] if v["voterId"] in counted]):
        return set()
    found = [{"gate": r["gate"], "sha256": r["sha256"]} for r in predicate["evidence"] if r["status"] == "red"]
    if winners == ["rejected"]:
        for record in predicate["ballots"]:
            ballot = the_ballot(record["statements"])
            if record["status"] == "counted" and ballot.get("vote") == "no":
                optional = {k: ballot[k] for k in ("findingsSha256",) if k in ballot}
                found.append({"voterId": record["voterId"], **optional})
    return {jcs(each) for each in found}


def is_waived(predicate, payload_sha256, trust, lines, now):
    """Whether every objection is lifted by waivers of enough different keyids (waiver, "What counts")."""
    open_objections = objections(predicate)
    if not open_objections or not trust.may_waive:
        return False
    lifted = {each: set() for each in open_objections}
    for data in lines:
        try:
            keyid, waiver = read_waiver(data, trust)
        except Malformed:
            continue  # told and ignored; a blank line is one of these
        if waiver_counts(waiver, predicate, payload_sha256, now):
            for each in map(jcs, waiver["waives"]):
                if each in lifted:
                    lifted[each].add(keyid)
    return all(len(keyids) >= trust.waiver_threshold for keyids in lifted.values())


# ---------------------------------------------------------------------------------------------------------------------
# § 3  The statement and its predicate
# ---------------------------------------------------------------------------------------------------------------------

SHARE = members({"num": integer(0, 1_000_000), "den": integer(1, 1_000_000)})
OPTION = members({"id": check_option_id, "title": text(120)})
VARIANTS = ("unanimous", "winning", "margin", "ratio", "sum", "lower-median")
METHODS = ("approval-gate", "plurality", "approval", "borda", "irv", "schulze", "ranked-pairs", "score")
RULE = members(
    {"method": literal(*METHODS)},
    {
        "variant": literal(*VARIANTS),
        "threshold": SHARE,
        "quorum": SHARE,
        "minVoters": integer(1, 1_000),
        "statusQuo": check_option_id,
    },
)
VOTER = members(
    {
        "voterId": check_id,
        "kind": literal("check", "llm", "cli", "remote", "human"),
        "name": text(120),
        "family": line(100),
        "algorithm": literal("ed25519", "webauthn-es256", "webauthn-eddsa"),
        "publicKey": check_key,
        "custody": literal("platform", "external", "passkey"),
        "roles": array(line(100), 20),
        "weight": integer(1, 1_000_000),
    },
    {
        "evaluator": members({"id": line(200), "version": line(100), "sha256": check_digest, "deterministic": boolean}),
        "relyingParty": members({"rpId": line(253), "origin": line(300)}),
    },
)
PLAIN_SIGNATURE = members({"algorithm": literal("ed25519"), "value": base64_of(64)})
PASSKEY_SIGNATURE = members(
    {
        "algorithm": literal("webauthn-es256", "webauthn-eddsa"),
        "authenticatorData": base64_chars(52),
        "clientDataJSON": base64_chars(2_668),
        "signature": base64_chars(96),
    }
)
TIERS = array(array(check_option_id, 100, 1), 100)
BALLOT = members(
    {"decisionId": check_id, "round": literal(1), "voterId": check_id, "reason": string(4_000)},
    {
        "vote": literal("yes", "no", "abstain"),
        "ranking": TIERS,
        "score": table(check_option_id, integer(0, 1_000), 100),
        "choice": check_option_id,
        "approve": array(check_option_id, 100),
        "findingsSha256": check_digest,
    },
)
CHOICES = ("vote", "ranking", "score", "choice", "approve")


def check_voter(value):
    VOTER(value)
    size = 65 if value["algorithm"] == "webauthn-es256" else 32
    base64_of(size)(value["publicKey"])
    need(("relyingParty" in value) == (value["algorithm"] != "ed25519"), "relyingParty of another algorithm")


def check_signature(value):
    plain = isinstance(value, dict) and value.get("algorithm") == "ed25519"
    (PLAIN_SIGNATURE if plain else PASSKEY_SIGNATURE)(value)


def check_ballot(value):
    BALLOT(value)
    need(sum(name in value for name in CHOICES) == 1, "a ballot says one thing")
    need(value.get("vote") != "abstain" or not is_blank(value["reason"]), "an abstention without a reason")


STATEMENT_OF_VOTER = members(
    {"seq": check_seq, "signature": check_signature},
    {"commit": check_digest, "ballot": check_ballot, "salt": check_salt},
)
CONTRIBUTION = members(
    {"decisionId": check_id, "voterId": check_id, "phase": literal("propose", "critique", "revise")},
    {"option": OPTION, "textSha256": check_digest},
)
VETO = members({"decisionId": check_id, "voterId": check_id, "reason": string(4_000)})


def check_statement_of_voter(value):
    STATEMENT_OF_VOTER(value)
    need(("commit" in value) != ("ballot" in value), "either a commitment or a ballot")


def check_contribution(value):
    CONTRIBUTION(value)
    if value["phase"] == "critique":
        need("option" not in value, "a critique has no option")
    else:
        need("textSha256" not in value or "option" in value, "a text without an option")


def check_veto(value):
    VETO(value)
    need(not is_blank(value["reason"]), "a veto without a reason")


TERMS_REQUIRED = {
    "decisionId": check_id,
    "question": members({"sha256": check_digest}),
    "origin": line(300),
    "options": array(OPTION, 100, 1),
    "rule": RULE,
    "secrecy": literal("open", "sealed"),
    "electorate": array(check_voter, 1_000, 1),
    "gates": array(line(100), 50),
    "notices": array(text(1_000), 20),
    "engine": members({"name": line(100), "version": line(100)}),
}
TERMS_OPTIONAL = {
    "subject": members(
        {
            "repository": text(400),
            "base": check_object_id,
            "head": check_object_id,
            "tree": check_object_id,
            "diffSha256": check_digest,
        }
    ),
    "policy": members(
        {"panel": line(200), "panelSha256": check_digest, "source": line(400)},
        {"files": array(members({"name": line(400), "sha256": check_digest}), 100)},
    ),
    "calibration": members({"method": literal("beta", "dawid-skene"), "taskClass": line(100)}),
    "rounds": members({}, {"propose": boolean, "critique": integer(0, 1)}),
    "veto": members({"roles": array(line(100), 20, 1)}),
    "tie": literal("no-decision", "status-quo", "seeded"),
    "statusQuo": check_option_id,
    "electorateRules": members(
        {},
        {
            "minFamilies": integer(1, 1_000),
            "familyCap": SHARE,
            "voterCap": SHARE,
            "minRoles": array(members({"role": line(100), "count": integer(1, 1_000)}), 20),
            "excluded": array(line(100), 100),
        },
    ),
    "earlyStop": literal("off", "certain"),
    "waves": boolean,
    "signedReveals": boolean,
}
REASONS = (
    "threshold-met threshold-missed most-preferred gate-red evidence-missing all-abstained no-quorum "
    "below-threshold tied tie-status-quo tie-seeded too-few-families role-missing vetoed"
).split()
OUTCOME = members(
    {
        "status": literal("approved", "rejected", "decided", "undecided"),
        "winners": array(check_option_id, 100),
        "reason": literal(*REASONS),
    }
)
HAPPENED_REQUIRED = {
    "evidence": array(
        members(
            {
                "gate": line(100),
                "status": literal("green", "red", "abstained"),
                "sha256": check_digest,
                "reason": string(4_000),
                "seq": check_seq,
            }
        ),
        50,
    ),
    "ballots": array(
        members(
            {
                "voterId": check_id,
                "status": literal("counted", "abstained", "void", "unrevealed"),
                "statements": array(check_statement_of_voter, 4, 1),
            }
        ),
        1_000,
    ),
    "phase": literal("sealed", "no-quorum", "tied", "vetoed", "expired"),
    "tally": members(
        {
            "status": literal("decided", "tied", "no-quorum", "below-threshold"),
            "winners": array(check_option_id, 100),
            "ranking": TIERS,
            "detail": table(string(100, 1), check_free_json, 50),
        }
    ),
    "outcome": OUTCOME,
    "window": members(
        {"opened": check_seq, "closed": check_seq, "ended": check_seq},
        {name: check_seq for name in ("proposalsClosed", "critiquesClosed", "frozen", "commitsClosed")},
    ),
    "times": members({"openedAt": check_time, "endedAt": check_time}),
}
HAPPENED_OPTIONAL = {
    "discussion": array(
        members({"seq": check_seq, "contribution": check_contribution, "signature": check_signature}), 3_000
    ),
    "asked": array(members({"seq": check_seq, "voters": array(check_id, 1_000, 1)}), 1_000),
    "stopped": members({"cause": literal("certain"), "notAsked": array(check_id, 1_000)}),
    "cost": members({"skippedByEarlyStop": integer(0, 1_000)}),
    "vetoed": members({"seq": check_seq, "veto": check_veto, "signature": check_signature}),
}
STATEMENT = members(
    {
        "_type": literal("https://in-toto.io/Statement/v1"),
        "subject": array(
            members(
                {"name": string(500, 1), "digest": table(string(50, 1), pattern(r"[0-9a-f]{1,128}", "hex expected"), 4)}
            ),
            4,
            1,
        ),
        "predicateType": literal("https://conclave.dev/decision-receipt/v1"),
        "predicate": members({**TERMS_REQUIRED, **HAPPENED_REQUIRED}, {**TERMS_OPTIONAL, **HAPPENED_OPTIONAL}),
    }
)
FILE = members(
    {
        "mediaType": literal("application/vnd.conclave.decision-receipt.v1+json"),
        "envelope": members(
            {
                "payloadType": literal("application/vnd.in-toto+json"),
                "payload": base64_chars(20_000_000, 1),
                "signatures": array(members({"keyid": string(200), "sig": base64_chars(4_096, 1)}), 1, 1),
            }
        ),
        "log": members({"entry": base64_chars(100_000, 1), "proof": string(200_000, 1)}),
        "disclosures": array(members({"path": string(200), "salt": check_salt, "value": check_free_json}), 3_001),
    }
)
FILE_BYTES = 32_000_000


def check_entry(entry):
    """§ 5, the entry: other members are the log's own."""
    need(isinstance(entry, dict) and entry.get("type") == "decision.sealed", "entry: type")
    data = entry.get("data")
    need(isinstance(data, dict), "entry: data")
    check_id(data.get("decision"))
    OUTCOME(data.get("outcome"))
    check_digest(data.get("payloadSha256"))


class Receipt:
    """A receipt that could be read (the step `parse`)."""

    def __init__(self, data):
        need(len(data) <= FILE_BYTES, "the file is too large")
        file = read_json(data)
        FILE(file)
        self.envelope, self.disclosures = file["envelope"], file["disclosures"]
        self.payload = from_base64(self.envelope["payload"])
        statement = read_json(self.payload)
        STATEMENT(statement)
        self.predicate = statement["predicate"]
        self.payload_sha256 = sha256_hex(self.payload)
        self.leaf = from_base64(file["log"]["entry"])
        self.entry = read_json(self.leaf)
        check_entry(self.entry)
        self.index, self.path, note = read_proof(file["log"]["proof"])
        self.note = read_note(note)
        self.origin, self.size, self.root = read_checkpoint(self.note[0])


def only_payload(predicate):
    """The one payload that a predicate can have (§ 3)."""
    name = "decision/" + predicate["decisionId"]
    subjects = [{"name": name, "digest": {"sha256": sha256_hex(jcs(predicate))}}]
    if "subject" in predicate:
        change = predicate["subject"]
        subjects.append({"name": change["repository"], "digest": {"gitCommit": change["head"]}})
        subjects.append({"name": change["repository"] + "#tree", "digest": {"gitTree": change["tree"]}})
    return jcs(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects,
            "predicateType": "https://conclave.dev/decision-receipt/v1",
            "predicate": predicate,
        }
    )


DISCUSSION_PATH = re.compile(r"/discussion/(0|[1-9][0-9]{0,5})")


def disclosure_holds(predicate, disclosure):
    """Whether a disclosure opens the commitment it names (§ 4)."""
    digest = None
    match = DISCUSSION_PATH.fullmatch(disclosure["path"])
    if disclosure["path"] == "/question":
        digest = predicate["question"]["sha256"]
    elif match and int(match.group(1)) < len(predicate.get("discussion", [])):
        digest = predicate["discussion"][int(match.group(1))]["contribution"].get("textSha256")
    salt = from_base64(disclosure["salt"])
    return digest == sha256_hex(b"conclave/data/v1\n", salt, jcs(disclosure["value"]))


# ---------------------------------------------------------------------------------------------------------------------
# § 4  Digests;  § 6  Standing;  counting § 1  The agenda
# ---------------------------------------------------------------------------------------------------------------------


def has_rounds(predicate):
    rounds = predicate.get("rounds", {})
    return rounds.get("propose") is True or rounds.get("critique") == 1


def terms_digest(predicate):
    names = [*TERMS_REQUIRED, *TERMS_OPTIONAL]
    return sha256_hex(jcs({name: predicate[name] for name in names if name in predicate}))


def agenda_of(predicate):
    """The options that are voted on: those of the terms, then those proposed (counting § 1)."""
    agenda, places = list(predicate["options"]), {}
    for entry in predicate.get("discussion", []):
        option = entry["contribution"].get("option")
        if option is None:
            continue
        if option["id"] in places:
            agenda[places[option["id"]]] = option
        else:
            places[option["id"]] = len(agenda)
            agenda.append(option)
    return agenda


def agreed_digest(predicate):
    terms = terms_digest(predicate)
    if not has_rounds(predicate):
        return terms
    return sha256_hex(b"conclave/agenda/v1\n", terms.encode(), b"\n", jcs(agenda_of(predicate)))


def the_ballot(statements):
    """The ballot of statements of which one has one; {} without."""
    return next((s["ballot"] for s in statements if "ballot" in s), {})


def standing(statements):
    """§ 6, "Standing"."""
    commits = [s["commit"] for s in statements if "commit" in s]
    ballots = [s for s in statements if "ballot" in s]
    if len(commits) > 1 or len(ballots) > 1:
        return "void"
    if not ballots:
        return "unrevealed"
    promise = None
    if "salt" in ballots[0]:
        salt = from_base64(ballots[0]["salt"])
        promise = sha256_hex(b"conclave/ballot-commit/v1\n", salt, jcs(ballots[0]["ballot"]))
    if promise != (commits[0] if commits else None):
        return "void"
    return "abstained" if ballots[0]["ballot"].get("vote") == "abstain" else "counted"


# ---------------------------------------------------------------------------------------------------------------------
# § 6  Register, windows, terms, statements, discussion, veto
# ---------------------------------------------------------------------------------------------------------------------

WINDOW_ORDER = ("opened", "proposalsClosed", "critiquesClosed", "frozen", "commitsClosed", "closed", "ended")


def voters_by_id(predicate, last=False):
    """Of two of one id the first is meant, or the last (§ 6)."""
    electorate = predicate["electorate"]
    return {v["voterId"]: v for v in (electorate if last else reversed(electorate))}


def unique(values):
    values = list(values)
    return len(set(values)) == len(values)


def register_holds(predicate):
    return (
        unique(v["voterId"] for v in predicate["electorate"])
        and unique(v["publicKey"] for v in predicate["electorate"])
        and unique(r["voterId"] for r in predicate["ballots"])
        and unique(e["gate"] for e in predicate["evidence"])
        and all(e["gate"] in predicate["gates"] for e in predicate["evidence"])
    )


def window_calls(predicate):
    """The members of `window` that the terms call for."""
    rounds = predicate.get("rounds", {})
    propose, critique = rounds.get("propose") is True, rounds.get("critique") == 1
    called = (
        ("proposalsClosed", propose and critique),
        ("critiquesClosed", critique),
        ("frozen", propose or critique),
        ("commitsClosed", predicate["secrecy"] == "sealed"),
    )
    return [name for name, wanted in called if wanted]


def windows_hold(predicate):
    window = predicate["window"]
    marks = [window[name] for name in WINDOW_ORDER if name in window]
    if window["opened"] != 1 or any(a >= b for a, b in zip(marks, marks[1:])):
        return False
    called = window_calls(predicate)
    there = [name for name in ("proposalsClosed", "critiquesClosed", "frozen", "commitsClosed") if name in window]
    if there != (called[: len(there)] if "vetoed" in predicate else called):
        return False
    seqs = [e["seq"] for e in predicate["evidence"]]
    seqs += [s["seq"] for r in predicate["ballots"] for s in r["statements"]]
    seqs += [e["seq"] for e in predicate.get("discussion", [])]
    seqs += [w["seq"] for w in predicate.get("asked", [])]
    seqs += marks
    if not unique(seqs) or len(seqs) < window["ended"]:
        return False
    return all(window["opened"] < e["seq"] < window["closed"] for e in predicate["evidence"])


def choices_of_terms_hold(predicate):
    tie = predicate.get("tie")
    if predicate["rule"]["method"] == "approval-gate" and ("rounds" in predicate or "tie" in predicate):
        return False
    if "statusQuo" in predicate:
        known = any(option["id"] == predicate["statusQuo"] for option in predicate["options"])
        if tie != "status-quo" or not known:
            return False
    if tie == "status-quo" and "statusQuo" not in predicate and "statusQuo" not in predicate["rule"]:
        return False
    if tie == "seeded" and predicate["secrecy"] != "sealed":
        return False
    certain = predicate.get("earlyStop") == "certain"
    if predicate.get("waves") is True and not certain:
        return False
    return not certain or predicate["secrecy"] == "open"


def reaches(part, whole, share):
    """A share is reached by part of whole (counting)."""
    return part * share["den"] >= whole * share["num"]


def electorate_holds(predicate):
    """Roles that may veto, and `electorateRules`."""
    electorate, rules = predicate["electorate"], predicate.get("electorateRules", {})
    if "veto" in predicate and not any(may_veto(predicate, v) for v in electorate):
        return False
    whole, families = sum(v["weight"] for v in electorate), {}
    for voter in electorate:
        families[voter["family"]] = families.get(voter["family"], 0) + voter["weight"]
    for name, weights in (("voterCap", [v["weight"] for v in electorate]), ("familyCap", families.values())):
        cap = rules.get(name)
        if cap is None:
            continue
        if not 0 < cap["num"] <= cap["den"] or any(w * cap["den"] > cap["num"] * whole for w in weights):
            return False
    if any(v["voterId"] in rules.get("excluded", []) for v in electorate):
        return False
    return lacking(predicate, electorate) is None


def may_veto(predicate, voter):
    return any(role in predicate.get("veto", {}).get("roles", []) for role in voter["roles"])


def lacking(predicate, voters):
    """What these voters lack of families and roles (counting § 4), or None."""
    rules = predicate.get("electorateRules", {})
    if len({v["family"] for v in voters}) < rules.get("minFamilies", 0):
        return "too-few-families"
    for rule in rules.get("minRoles", []):
        if sum(rule["role"] in v["roles"] for v in voters) < rule["count"]:
            return "role-missing"
    return None


def silent_gates(predicate):
    """Gates that have not reported."""
    return set(predicate["gates"]) - {e["gate"] for e in predicate["evidence"]}


def statement_in_time(predicate, statement):
    window, seq = predicate["window"], statement["seq"]
    if not window.get("frozen", window["opened"]) < seq < window["closed"]:
        return False
    if predicate["secrecy"] == "open":
        return "commit" not in statement and "salt" not in statement
    committed = window.get("commitsClosed", window["closed"])
    if "ballot" in statement and "salt" in statement:
        return seq > committed
    return seq < committed and ("commit" in statement or statement["ballot"].get("vote") == "abstain")


def ballot_fits(predicate, record, ballot, agenda_ids):
    return (
        ballot["decisionId"] == predicate["decisionId"]
        and ballot["voterId"] == record["voterId"]
        and can_be_counted(predicate["rule"]["method"], ballot, agenda_ids)
    )


def signed_by_statement(predicate, record, statement, agreed):
    """The bytes that a statement of a record signs (§ 4)."""
    if "ballot" in statement:
        if "salt" in statement and predicate.get("signedReveals") is True:
            word = {"ballot": statement["ballot"], "salt": statement["salt"]}
            return b"conclave/reveal/v1\n" + agreed.encode() + b"\n" + jcs(word)
        return b"conclave/ballot/v1\n" + agreed.encode() + b"\n" + jcs(statement["ballot"])
    word = {
        "decisionId": predicate["decisionId"],
        "round": 1,
        "voterId": record["voterId"],
        "commit": statement["commit"],
    }
    return b"conclave/commit/v1\n" + agreed.encode() + b"\n" + jcs(word)


def records_hold(predicate):
    """§ 6, "Statements", but for the signatures."""
    voters, agenda_ids = voters_by_id(predicate), {option["id"] for option in agenda_of(predicate)}
    for record in predicate["ballots"]:
        statements = record["statements"]
        if record["voterId"] not in voters or record["status"] != standing(statements):
            return False
        if not unique((s.get("commit"), jcs(s.get("ballot"))) for s in statements):
            return False
        for statement in statements:
            if not statement_in_time(predicate, statement):
                return False
            if "ballot" in statement and not ballot_fits(predicate, record, statement["ballot"], agenda_ids):
                return False
    return True


def phase_bounds(predicate):
    """From and to of the phases that exist (§ 6, "Discussion")."""
    window, rounds = predicate["window"], predicate.get("rounds", {})
    propose = rounds.get("propose") is True
    start = {"revise": window.get("critiquesClosed")}
    if propose:
        start["propose"] = window["opened"]
    if rounds.get("critique") == 1:
        start["critique"] = window.get("proposalsClosed") if propose else window["opened"]
    ends = {
        "propose": ("proposalsClosed", "frozen", "closed"),
        "critique": ("critiquesClosed", "closed"),
        "revise": ("frozen", "closed"),
    }
    return {
        phase: (first, next(window[name] for name in ends[phase] if name in window))
        for phase, first in start.items()
        if first is not None
    }


def discussion_holds(predicate):
    """§ 6, "Discussion", but for the signatures."""
    voters, bounds = voters_by_id(predicate), phase_bounds(predicate)
    taken = {option["id"] for option in predicate["options"]}
    said, last = {}, 0
    for entry in predicate.get("discussion", []):
        contribution = entry["contribution"]
        voter, phase = contribution["voterId"], contribution["phase"]
        if voter not in voters or contribution["decisionId"] != predicate["decisionId"] or phase not in bounds:
            return False
        if not (entry["seq"] > last and bounds[phase][0] < entry["seq"] < bounds[phase][1]):
            return False
        option = contribution.get("option", {}).get("id")
        if (voter, phase) in said:
            return False
        if phase == "propose" and option in taken:
            return False
        if phase == "revise" and option is not None and option != said.get((voter, "propose")):
            return False
        said[voter, phase], last = option, entry["seq"]
        if option is not None:
            taken.add(option)
    return True


def veto_is_right(predicate):
    """Voter, role and decision of the veto: only then its signature is looked at."""
    veto = predicate["vetoed"]["veto"]
    voter = voters_by_id(predicate).get(veto["voterId"])
    return voter is not None and may_veto(predicate, voter) and veto["decisionId"] == predicate["decisionId"]


def signatures_looked_at(predicate):
    """(voter, signature, signed bytes) of everything a voter of the electorate said (§ 6)."""
    agreed, terms = agreed_digest(predicate), terms_digest(predicate).encode()
    first, last = voters_by_id(predicate), voters_by_id(predicate, last=True)
    for record in predicate["ballots"]:
        for statement in record["statements"] if record["voterId"] in last else ():
            signed = signed_by_statement(predicate, record, statement, agreed)
            yield last[record["voterId"]], statement["signature"], signed
    for entry in predicate.get("discussion", []):
        contribution = entry["contribution"]
        if contribution["voterId"] in first:
            signed = b"conclave/contribution/v1\n" + terms + b"\n" + jcs(contribution)
            yield first[contribution["voterId"]], entry["signature"], signed
    if "vetoed" in predicate and veto_is_right(predicate):
        veto = predicate["vetoed"]["veto"]
        signed = b"conclave/veto/v1\n" + terms + b"\n" + jcs(veto)
        yield first[veto["voterId"]], predicate["vetoed"]["signature"], signed


def check_ballots(predicate):
    """§ 6: None, or the exit code. Waves and stops are asked last: they count, and want a record that is right."""
    if not all(voter_signature_holds(*each) for each in signatures_looked_at(predicate)):
        return 2
    holds = (
        register_holds(predicate)
        and windows_hold(predicate)
        and choices_of_terms_hold(predicate)
        and electorate_holds(predicate)
        and records_hold(predicate)
        and discussion_holds(predicate)
    )
    if holds and "vetoed" in predicate:
        holds = predicate["vetoed"]["seq"] == predicate["window"]["closed"] and veto_is_right(predicate)
    return None if holds and waves_hold(predicate) and stop_holds(predicate) else 4


# ---------------------------------------------------------------------------------------------------------------------
# counting § 2  What can be counted
# ---------------------------------------------------------------------------------------------------------------------

READS = {
    "approval-gate": "vote",
    "plurality": "choice",
    "approval": "approve",
    "borda": "ranking",
    "irv": "ranking",
    "schulze": "ranking",
    "ranked-pairs": "ranking",
    "score": "score",
}
PAIR_VARIANTS = ("winning", "margin", "ratio")
ALLOWED_VARIANTS = {
    "approval-gate": ("unanimous",),
    "schulze": PAIR_VARIANTS,
    "ranked-pairs": PAIR_VARIANTS,
    "score": ("lower-median", "sum"),
}


def rule_is_refused(rule, options):
    """Whether nothing can be counted under this rule and these options."""
    method, variant = rule["method"], rule.get("variant")
    pairs = method in ("schulze", "ranked-pairs")
    if len(options) > 100 or not unique(options):
        return True
    if variant is not None and variant not in ALLOWED_VARIANTS.get(method, ()):
        return True
    if "statusQuo" in rule and not pairs and method != "score":
        return True
    threshold_fits = (
        method in ("plurality", "approval")
        or (method == "approval-gate" and variant != "unanimous")
        or (pairs and "statusQuo" in rule)
    )
    if "threshold" in rule and not threshold_fits:
        return True
    shares = [rule[name] for name in ("threshold", "quorum") if name in rule]
    if any(share["num"] == 0 or share["num"] > share["den"] for share in shares):
        return True
    return "statusQuo" in rule and rule["statusQuo"] not in options


def can_be_counted(method, ballot, options):
    if ballot.get("vote") == "abstain":
        return True
    if READS[method] not in ballot:
        return False
    named = {
        "vote": lambda _: [],
        "choice": lambda choice: [choice],
        "approve": list,
        "score": list,
        "ranking": lambda tiers: [option for tier in tiers for option in tier],
    }[READS[method]](ballot[READS[method]])
    return unique(named) and all(option in options for option in named)


# ---------------------------------------------------------------------------------------------------------------------
# counting § 3  The methods. Each is given the rule, the options and votes: (weight, ballot) of who does not abstain;
# it answers (winners, ranking, figures).
# ---------------------------------------------------------------------------------------------------------------------

STEPS = 5_000_000


class TooTied(Exception):
    """More than STEPS would be needed."""


def tiers_by(options, number):
    """Lists of options with equal numbers, the highest first."""
    levels = {}
    for option in options:
        levels.setdefault(number[option], []).append(option)
    return [levels[level] for level in sorted(levels, reverse=True)]


def yes_and_no(votes):
    return tuple(sum(weight for weight, ballot in votes if ballot["vote"] == word) for word in ("yes", "no"))


def gate_approves(rule, yes, no):
    if yes <= no or (rule.get("variant") == "unanimous" and no):
        return False
    return "threshold" not in rule or reaches(yes, yes + no, rule["threshold"])


def count_gate(rule, _, votes):
    yes, no = yes_and_no(votes)
    ranking = [["approved"], ["rejected"]] if gate_approves(rule, yes, no) else [["rejected"], ["approved"]]
    return ranking[0], ranking, {"yes": yes, "no": no}


def option_scores(rule, options, votes):
    """The scores of plurality and approval, the doubled points of borda, the sums of score."""
    scores = dict.fromkeys(options, 0)
    for weight, ballot in votes:
        if rule["method"] == "borda":
            add_doubled_points(scores, weight, ballot["ranking"], options)
        elif rule["method"] == "score":
            for option, grade in ballot["score"].items():
                scores[option] += grade * weight
        else:
            for option in ballot["approve"] if rule["method"] == "approval" else [ballot["choice"]]:
                scores[option] += weight
    return scores


def count_most_named(rule, options, votes):
    """plurality, approval"""
    scores, counted = option_scores(rule, options, votes), sum(weight for weight, _ in votes)
    ranking = tiers_by(options, scores)
    winners = ranking[0]
    if "threshold" in rule and not reaches(scores[winners[0]], counted, rule["threshold"]):
        winners = []
    return winners, ranking, {"scores": scores}


def add_doubled_points(scores, weight, tiers, options):
    named = {option for tier in tiers for option in tier}
    below = len(options)
    for tier in [*tiers, [option for option in options if option not in named]]:
        below -= len(tier)
        for option in tier:
            scores[option] += weight * (2 * below + len(tier) - 1)


def count_borda(rule, options, votes):
    scores = option_scores(rule, options, votes)
    ranking = tiers_by(options, scores)
    return ranking[0], ranking, {"doubledScores": scores}


def lower_median(grades):
    """Of (weight, grade): the smallest grade g such that what is ≤ g weighs at least what is > g."""
    total, so_far = sum(weight for weight, _ in grades), 0
    for weight, grade in sorted(grades, key=lambda each: each[1]):
        so_far += weight
        if 2 * so_far >= total:
            return grade
    return 0


def median_scores(options, votes):
    return {o: lower_median([(weight, ballot["score"].get(o, 0)) for weight, ballot in votes]) for o in options}


def count_score(rule, options, votes):
    scores = option_scores(rule, options, votes) if rule.get("variant") == "sum" else median_scores(options, votes)
    ranking = tiers_by(options, scores)
    return ranking[0], ranking, {"scores": scores}


# ---- Pairs ----------------------------------------------------------------------------------------------------------


def pair_matrix(options, votes):
    """matrix[a][b]: the weight of the ballots that rank a above b."""
    place, n = {option: i for i, option in enumerate(options)}, len(options)
    matrix = [[0] * n for _ in range(n)]
    for weight, ballot in votes:
        left = set(range(n))
        for tier in ballot["ranking"]:
            above = [place[option] for option in tier]
            left.difference_update(above)
            for a in above:
                row = matrix[a]
                for b in left:
                    row[b] += weight
    return matrix


def link_strength(variant, f, g):
    """A sort key, weak to strong, under which links of equal strength are equal."""
    if variant == "margin":
        return f - g
    sign = (f > g) - (f < g)
    if sign == 0:
        return (0, 0, 0, 0)
    if variant == "winning":
        return (1, f, -g, 0) if sign > 0 else (-1, -g, f, 0)
    if g == 0:
        return (1, 1, 0, f)  # f / 0 is above every ratio
    return (sign, 0, Fraction(f, g), -g if f == 0 else 0)


def strongest_paths(rule, matrix):
    """(links, paths, standing links): strengths as ranks from 0, and for each rank the link that stands for it."""
    variant, n = rule.get("variant", "winning"), len(matrix)
    places = range(n)
    links = [[(matrix[a][b], matrix[b][a]) if a != b else (0, 0) for b in places] for a in places]
    keys = {link: link_strength(variant, *link) for row in links for link in row}
    rank = {key: i for i, key in enumerate(sorted(set(keys.values())))}
    strength = [[rank[keys[link]] for link in row] for row in links]
    stands = {}
    for a in places:
        for b in places:
            stands.setdefault(strength[a][b], list(links[a][b]))
    paths = [list(row) for row in strength]
    for via in places:
        for a in places:
            first = paths[a][via]
            if a == via:
                continue
            for b in places:
                if b != a and b != via:
                    through = min(first, paths[via][b])
                    if through > paths[a][b]:
                        paths[a][b] = through
    return strength, paths, stands


def kept_by_status_quo(rule, options, matrix, winners):
    """The winners (places) that the status quo lets stay."""
    if "statusQuo" not in rule:
        return winners
    s = options.index(rule["statusQuo"])

    def stays(w):
        f, g = matrix[w][s], matrix[s][w]
        return w == s or (f > g and ("threshold" not in rule or reaches(f, f + g, rule["threshold"])))

    return [w for w in winners if stays(w)]


def peel(places, beats):
    """Tiers: those nobody left beats, again and again."""
    left, tiers = list(places), []
    while left:
        tier = [b for b in left if not any(beats(a, b) for a in left)]
        tiers.append(tier)
        left = [b for b in left if b not in tier]
    return tiers


def names(options, tiers):
    return [[options[place] for place in tier] for tier in tiers]


def count_schulze(rule, options, votes):
    matrix = pair_matrix(options, votes)
    _, paths, stands = strongest_paths(rule, matrix)
    tiers = peel(range(len(options)), lambda a, b: paths[a][b] > paths[b][a])
    winners = kept_by_status_quo(rule, options, matrix, tiers[0])
    figures = {"matrix": matrix, "paths": [[stands[rank] for rank in row] for row in paths]}
    return names(options, [winners])[0], names(options, tiers), figures


# ---- ranked-pairs: a state L is a list of bit masks, L[a] the options below a -------------------------------------


def is_above(state, a, b):
    return state[a] >> b & 1


def lock(state, a, b):
    """b and what is below it go below a and what a is below."""
    downs = state[b] | 1 << b
    for x in range(len(state)):
        if x == a or state[x] >> a & 1:
            state[x] |= downs


def closed(edges):
    reach = list(edges)
    for via in range(len(reach)):
        for a in range(len(reach)):
            if reach[a] >> via & 1:
                reach[a] |= reach[via]
    return reach


def lock_forced(state, victories):
    """(L, open, steps) of what is forced of a list of victories."""
    n, locked = len(state), 0
    possible = [(a, b) for a, b in victories if not is_above(state, a, b) and not is_above(state, b, a)]
    edges, state = list(state), list(state)
    for a, b in possible:
        edges[a] |= 1 << b
    reach = closed(edges) if len(possible) > 1 else state  # one victory alone closes no cycle
    for a, b in possible:
        if not is_above(reach, b, a) and not is_above(state, a, b):
            lock(state, a, b)
            locked += 1
    left_open = [(a, b) for a, b in possible if not is_above(state, a, b) and not is_above(state, b, a)]
    return state, left_open, len(victories) + (n * n if len(possible) > 1 else 0) + n * locked


class RankedPairsSearch:
    """Whether a candidate wins in some order (counting § 3, `wins`)."""

    def __init__(self, tiers, n, steps):
        self.tiers, self.n, self.budget = tiers, n, steps

    def wins(self, c):
        self.c, self.failed = c, set()
        self.over = [[v for v in tier if v[1] == c] for tier in self.tiers]
        self.rivals = {a for tier in self.over for a, _ in tier}
        return self.from_tier(0, [0] * self.n)

    def safe(self, state):
        return all(is_above(state, self.c, a) for a in self.rivals)

    def from_tier(self, t, state):
        if t == len(self.tiers) or self.safe(state):
            return True
        key = (t, tuple(state))
        if key in self.failed:
            return False
        if self.within(t, state, frozenset(self.over[t])):
            return True
        self.failed.add(key)
        return False

    def within(self, t, state, without):
        if self.budget < 0:
            return False
        state, left_open, steps = lock_forced(state, [v for v in self.tiers[t] if v not in without])
        self.budget -= steps
        if self.safe(state):
            return True
        if any(is_above(state, a, b) for a, b in without):
            return False
        if not left_open:
            return all(is_above(state, b, a) for a, b in without) and self.from_tier(t + 1, state)
        if self.hopeless(t, state, left_open):
            return False
        following = self.next_of(state, left_open)
        locked = list(state)
        lock(locked, *following)
        return self.within(t, locked, without) or self.within(t, state, without | {following})

    def next_of(self, state, left_open):
        mine = state[self.c] | 1 << self.c
        return next((v for v in left_open if mine >> v[0] & 1 and not mine >> v[1] & 1), left_open[0])

    def hopeless(self, t, state, left_open):
        ways = list(state)
        for u in range(t, len(self.tiers)):
            self.budget -= len(self.tiers[u])
            for a, b in left_open if u == t else self.tiers[u]:
                if b != self.c and not is_above(state, b, a):
                    ways[a] |= 1 << b
            over = [a for a, _ in self.over[u] if not is_above(state, self.c, a)]
            if not over:
                continue
            self.budget -= self.n
            reached = self.reached(ways)
            if any(not reached >> a & 1 for a in over):
                return True
        return False

    def reached(self, ways):
        reached, todo = 0, [self.c]
        while todo:
            new = ways[todo.pop()] & ~reached
            reached |= new
            todo += [i for i in range(self.n) if new >> i & 1]
        return reached


def ranked_pairs_winners(strength, paths, tiers, steps):
    """The places of all options that win in some order, or TooTied."""
    n = len(paths)
    victories = [v for tier in tiers for v in tier]
    beaten = {b for a, b in victories if paths[b][a] < strength[a][b]}
    candidates = [c for c in range(n) if c not in beaten]
    if len(candidates) == 1:
        return candidates
    search = RankedPairsSearch(tiers, n, steps)
    winners = [c for c in candidates if search.wins(c)]
    if search.budget < 0:
        raise TooTied
    return winners


def count_ranked_pairs(rule, options, votes, steps=STEPS):
    n, matrix = len(options), pair_matrix(options, votes)
    strength, paths, _ = strongest_paths(rule, matrix)
    levels = {}
    for a in range(n):
        for b in range(n):
            if matrix[a][b] > matrix[b][a]:
                levels.setdefault(strength[a][b], []).append((a, b))
    tiers = [levels[level] for level in sorted(levels, reverse=True)]
    first = ranked_pairs_winners(strength, paths, tiers, steps)
    forced, in_turn, locked, skipped = [0] * n, [0] * n, [], []
    for tier in tiers:
        forced = lock_forced(forced, tier)[0]
        for a, b in tier:
            if is_above(in_turn, b, a):
                skipped.append([a, b])
            else:
                lock(in_turn, a, b)
                locked.append([a, b])
    rest = peel([c for c in range(n) if c not in first], lambda a, b: is_above(forced, a, b))
    winners = kept_by_status_quo(rule, options, matrix, first)
    figures = {"matrix": matrix, "locked": locked, "skipped": skipped}
    return names(options, [winners])[0], names(options, [first, *rest]), figures


# ---- irv: a state is a bit mask of the options left ---------------------------------------------------------------


class Runoff:
    """Instant run-off over all ways to break ties (counting § 3, irv)."""

    def __init__(self, options, votes):
        self.options, self.n, self.ballots = options, len(options), {}
        place = {option: i for i, option in enumerate(options)}
        for weight, ballot in votes:
            tiers = tuple(sum(1 << place[option] for option in tier) for tier in ballot["ranking"])
            self.ballots[tiers] = self.ballots.get(tiers, 0) + weight
        self.counted = sum(weight for weight, _ in votes)

    def score(self, state):
        """(scores by place, weight exhausted, tiers looked at) of a state."""
        scores, exhausted, looked = {i: 0 for i in range(self.n) if state >> i & 1}, 0, 0
        for tiers, weight in self.ballots.items():
            for tier in tiers:
                looked += 1
                counts = tier & state
                if counts:
                    for i in scores:
                        if counts >> i & 1:
                            scores[i] += weight
                    break
            else:
                exhausted += weight
        return scores, exhausted, looked

    @staticmethod
    def lowest(scores):
        low = min(scores.values())
        return [i for i in scores if scores[i] == low], low == 0

    def places(self, budget):
        """The place of each option, or TooTied."""
        best = {}
        levels = {self.n: {(1 << self.n) - 1: True}}
        steps = 0
        for k in range(self.n, 0, -1):
            for i, state in enumerate(levels.pop(k, {})):
                scores, _, looked = self.score(state)
                lowest, together = self.lowest(scores)
                if i:
                    steps += looked + self.n * len(lowest)
                    if steps > budget:
                        return self.majority_places()
                place = k - len(lowest) + 1 if together else k
                for option in lowest:
                    best[option] = min(place, best.get(option, place))
                if place == 1:
                    continue
                drops = [sum(1 << each for each in lowest)] if together else [1 << each for each in lowest]
                for drop in drops:
                    levels.setdefault((state & ~drop).bit_count(), {})[state & ~drop] = True
        return best

    def majority_places(self):
        for i in range(self.n):
            alone = sum(weight for tiers, weight in self.ballots.items() if tiers and tiers[0] == 1 << i)
            if 2 * alone > self.counted:
                return {j: 1 if j == i else 2 for j in range(self.n)}
        raise TooTied

    def rounds(self):
        """One way through; of several lowest that score the last of the list drops out."""
        state, rounds = (1 << self.n) - 1, []
        scores, exhausted, _ = self.score(state)
        while True:
            lowest, together = self.lowest(scores)
            each = {"scores": self.named(scores), "exhausted": exhausted}
            rounds.append(each)
            if len(lowest) == len(scores) and (together or len(scores) == 1):
                return rounds
            dropped = lowest if together else lowest[-1:]
            for option in dropped:
                state &= ~(1 << option)
            after, exhausted, _ = self.score(state)
            each["lowest"] = [self.options[i] for i in lowest]
            each["dropped"] = [self.options[i] for i in dropped]
            each["transfers"] = self.named({i: after[i] - scores[i] for i in after if after[i] > scores[i]})
            scores = after

    def named(self, scores):
        return {self.options[i]: score for i, score in scores.items()}


def count_irv(_, options, votes, steps=STEPS):
    runoff = Runoff(options, votes)
    places = runoff.places(steps)
    ranking = names(options, tiers_by(range(len(options)), {i: -place for i, place in places.items()}))
    return ranking[0], ranking, {"rounds": runoff.rounds()}


COUNTS = {
    "approval-gate": count_gate,
    "plurality": count_most_named,
    "approval": count_most_named,
    "borda": count_borda,
    "irv": count_irv,
    "schulze": count_schulze,
    "ranked-pairs": count_ranked_pairs,
    "score": count_score,
}


# ---------------------------------------------------------------------------------------------------------------------
# counting § 3  The tally;  counting § 4  The end
# ---------------------------------------------------------------------------------------------------------------------


def votes_of(spoken):
    """(weight, ballot) of those of (voter, ballot) who do not abstain."""
    return [(voter["weight"], ballot) for voter, ballot in spoken if ballot.get("vote") != "abstain"]


def presence(rule, electorate, spoken):
    """(figures that every tally has, whether the count is quorate)."""
    figures = {
        "present": sum(voter["weight"] for voter, _ in spoken),
        "counted": sum(weight for weight, _ in votes_of(spoken)),
        "voters": len(votes_of(spoken)),  # of those who do not abstain
        "eligible": sum(voter["weight"] for voter in electorate),
    }
    quorate = figures["counted"] > 0 and figures["voters"] >= rule.get("minVoters", 1)
    if quorate and "quorum" in rule:
        quorate = reaches(figures["present"], figures["eligible"], rule["quorum"])
    return figures, quorate


def tally_of(rule, options, electorate, spoken, steps=STEPS):
    """The tally of a count that is not refused, which follows tie orders within so many steps."""
    figures, quorate = presence(rule, electorate, spoken)
    too_tied = False
    try:
        within = (steps,) if rule["method"] in ("irv", "ranked-pairs") else ()
        winners, ranking, own = COUNTS[rule["method"]](rule, options, votes_of(spoken), *within)
    except TooTied:
        too_tied, winners, ranking, own = True, [], [list(options)], {"tooTied": True}
    if not quorate:
        status, winners = "no-quorum", []
    elif too_tied or len(winners) > 1:
        status = "tied"
    else:
        status = "decided" if winners else "below-threshold"
    return {"status": status, "winners": winners, "ranking": ranking, "detail": {**own, **figures}}


def seeded_order(predicate, options):
    """counting § 4, "The seeded order"."""
    records = {r["voterId"]: r["statements"] for r in predicate["ballots"]}
    commits = [
        {"voterId": voter["voterId"], "commit": statement["commit"]}
        for voter in predicate["electorate"]
        for statement in records.get(voter["voterId"], [])
        if "commit" in statement
    ]
    decision = predicate["decisionId"].encode()
    seed = sha256_hex(b"conclave/tie-seed/v1\n", decision, b"\n", jcs(commits)).encode()
    return sorted(options, key=lambda option: sha256_hex(b"conclave/tiebreak/v1\n", seed, b"\n", option.encode()))


def end_of(predicate, tally, counted_voters):
    """(phase, status, reason, winners): the first row of the table that applies."""
    gate = predicate["rule"]["method"] == "approval-gate"
    rejected = ["rejected"] if gate else []
    if "vetoed" in predicate:
        return "vetoed", "rejected", "vetoed", rejected
    if any(report["status"] == "red" for report in predicate["evidence"]):
        return "sealed", "rejected", "gate-red", rejected
    if silent_gates(predicate):
        return "expired", "undecided", "evidence-missing", []
    if tally["status"] == "no-quorum":
        abstained = tally["detail"]["counted"] == 0 and tally["detail"]["present"] != 0
        return "no-quorum", "undecided", "all-abstained" if abstained else "no-quorum", []
    missing = lacking(predicate, counted_voters)
    if missing:
        return "no-quorum", "undecided", missing, []
    if tally["status"] == "tied":
        return end_of_tie(predicate, tally["winners"])
    if tally["status"] == "below-threshold":
        return "sealed", "undecided", "below-threshold", []
    if not gate:
        return "sealed", "decided", "most-preferred", tally["winners"]
    if tally["winners"] == ["approved"]:
        return "sealed", "approved", "threshold-met", tally["winners"]
    return "sealed", "rejected", "threshold-missed", tally["winners"]


def end_of_tie(predicate, winners):
    tie = predicate.get("tie", "no-decision")
    stays = predicate.get("statusQuo", predicate["rule"].get("statusQuo"))
    if tie == "status-quo" and stays is not None:
        return "sealed", "decided", "tie-status-quo", [stays]
    if tie == "seeded" and winners:
        return "sealed", "decided", "tie-seeded", seeded_order(predicate, winners)[:1]
    return "tied", "undecided", "tied", winners


def who_spoke(predicate, bound=None):
    """({voter id: standing} of voters with statements below the bound, [(voter, ballot)] of those who spoke)."""
    said = {}
    for record in predicate["ballots"]:
        statements = [s for s in record["statements"] if bound is None or s["seq"] < bound]
        if statements:
            said[record["voterId"]] = (standing(statements), the_ballot(statements))
    spoken = [
        (voter, said[voter["voterId"]][1])
        for voter in predicate["electorate"]
        if said.get(voter["voterId"], ("",))[0] in ("counted", "abstained")
    ]
    return {voter_id: each[0] for voter_id, each in said.items()}, spoken


def tally_holds(predicate):
    """§ 7, counting § 4: phase, tally and outcome are what the ballots come to."""
    if predicate["engine"] != {"name": "conclave/consensus-core", "version": "1"}:
        return False
    options = [option["id"] for option in agenda_of(predicate)]
    if rule_is_refused(predicate["rule"], options):
        return False
    _, spoken = who_spoke(predicate)
    tally = tally_of(predicate["rule"], options, predicate["electorate"], spoken)
    counted_voters = [voter for voter, ballot in spoken if ballot.get("vote") != "abstain"]
    phase, status, reason, winners = end_of(predicate, tally, counted_voters)
    outcome = {"status": status, "reason": reason, "winners": winners}
    claimed = {name: predicate[name] for name in ("outcome", "phase", "tally")}
    return jcs({"outcome": outcome, "phase": phase, "tally": tally}) == jcs(claimed)


# ---------------------------------------------------------------------------------------------------------------------
# counting § 5  Waves and early stops
# ---------------------------------------------------------------------------------------------------------------------


def leads_by(scores, margin):
    """first − second > margin; of one option alone every lead is large enough."""
    highest = sorted(scores.values(), reverse=True)
    return len(highest) == 1 or highest[0] - highest[1] > margin


def settled_gate(rule, _, votes, rest):
    yes, no = yes_and_no(votes)
    return rest == 0 or gate_approves(rule, yes + rest, no) == gate_approves(rule, yes, no + rest)


def settled_most_named(rule, options, votes, rest):
    scores, cast = option_scores(rule, options, votes), sum(weight for weight, _ in votes)
    reached = "threshold" not in rule or reaches(max(scores.values()), cast + rest, rule["threshold"])
    return reached and leads_by(scores, rest)


def settled_borda(rule, options, votes, rest):
    return leads_by(option_scores(rule, options, votes), rest * 2 * (len(options) - 1))


def settled_irv(_, options, votes, rest):
    alone = dict.fromkeys(options, 0)
    for weight, ballot in votes:
        if ballot["ranking"] and len(ballot["ranking"][0]) == 1:
            alone[ballot["ranking"][0][0]] += weight
    return 2 * max(alone.values()) > sum(weight for weight, _ in votes) + rest


def settled_pairs(rule, options, votes, rest):
    matrix, n = pair_matrix(options, votes), len(options)
    s = options.index(rule["statusQuo"]) if "statusQuo" in rule and "threshold" in rule else None

    def safe(a):
        if any(matrix[a][b] - matrix[b][a] <= rest for b in range(n) if b != a):
            return False
        return s in (None, a) or reaches(matrix[a][s], matrix[a][s] + matrix[s][a] + rest, rule["threshold"])

    return any(safe(a) for a in range(n))


def settled_score(rule, options, votes, rest):
    if rule.get("variant") == "sum":
        return leads_by(option_scores(rule, options, votes), rest * 1_000)
    if rest == 0:
        return leads_by(median_scores(options, votes), 0)
    worst = median_scores(options, [*votes, (rest, {"score": {}})])
    best = median_scores(options, [*votes, (rest, {"score": dict.fromkeys(options, 1_000)})])
    return any(all(worst[a] > best[b] for b in options if b != a) for a in options)


SETTLED = {
    "approval-gate": settled_gate,
    "plurality": settled_most_named,
    "approval": settled_most_named,
    "borda": settled_borda,
    "irv": settled_irv,
    "schulze": settled_pairs,
    "ranked-pairs": settled_pairs,
    "score": settled_score,
}


class Record:
    """The predicate, of which only statements with a seq below `bound` count, or all."""

    def __init__(self, predicate, bound=None):
        self.predicate, self.rule, self.electorate = predicate, predicate["rule"], predicate["electorate"]
        self.options = [option["id"] for option in agenda_of(predicate)]
        said, self.spoken = who_spoke(predicate, bound)
        self.pending = [voter for voter in self.electorate if voter["voterId"] not in said]

    def settled(self, more=(), ballot=None):
        """Whether the ballots settle it, if `more` of the pending voters cast this ballot."""
        spoken = self.spoken + [(voter, ballot) for voter in more]
        if rule_is_refused(self.rule, self.options) or not presence(self.rule, self.electorate, spoken)[1]:
            return False
        if lacking(self.predicate, [voter for voter, each in spoken if each.get("vote") != "abstain"]):
            return False
        asked = sum(voter["weight"] for voter in more)
        rest = sum(voter["weight"] for voter in self.pending) - asked
        votes = votes_of(self.spoken) + ([(asked, ballot)] if more else [])
        return SETTLED[self.rule["method"]](self.rule, self.options, votes, rest)

    def vetoers(self):
        return [voter for voter in self.pending if may_veto(self.predicate, voter)]

    def certain(self):
        if self.vetoers():
            return False
        red = any(report["status"] == "red" for report in self.predicate["evidence"])
        return red or (not silent_gates(self.predicate) and self.settled())

    def one_ballot(self):
        """The ballots of which all of a wave are thought to cast one."""
        method, lead = self.rule["method"], self.options[0]
        if method == "approval-gate":
            return [{"vote": "yes"}, {"vote": "no"}]
        if not rule_is_refused(self.rule, self.options):
            steps = STEPS // len(self.electorate)
            lead = tally_of(self.rule, self.options, self.electorate, self.spoken, steps)["ranking"][0][0]
        said = {"choice": lead, "approve": [lead], "ranking": [[lead]], "score": {lead: 1_000}}
        return [{READS[method]: said[READS[method]]}]

    def next_wave(self, asked):
        """The ids of the next wave, given the set of who was asked before."""
        if any(voter["voterId"] in asked for voter in self.pending):
            return []
        first = self.vetoers()
        others = [voter for voter in self.pending if not may_veto(self.predicate, voter)]
        queue = first + sorted(others, key=lambda voter: -voter["weight"])
        if not queue or (not first and self.settled()):
            return []
        ballots, low, high = self.one_ballot(), max(1, len(first)), len(queue)
        while low < high:
            middle = (low + high) // 2
            if any(self.settled(queue[:middle], ballot) for ballot in ballots):
                high = middle
            else:
                low = middle + 1
        return [voter["voterId"] for voter in queue[:low]]


def waves_hold(predicate):
    """§ 6, "Waves and stops", first half."""
    waves = predicate.get("asked", [])
    if predicate.get("waves") is not True:
        return not waves
    window, asked = predicate["window"], {}
    times = [window.get("frozen", window["opened"]), *(wave["seq"] for wave in waves), window["closed"]]
    if any(a >= b for a, b in zip(times, times[1:])):
        return False
    for wave in waves:
        if wave["voters"] != Record(predicate, wave["seq"]).next_wave(set(asked)):
            return False
        asked.update({voter_id: wave["seq"] for voter_id in wave["voters"]})
    return all(
        record["voterId"] in asked and statement["seq"] > asked[record["voterId"]]
        for record in predicate["ballots"]
        for statement in record["statements"]
    )


def waves_finished(predicate):
    """§ 9, "policy": nothing but certainty kept voters from being asked."""
    if predicate.get("waves") is not True or "stopped" in predicate:
        return True
    asked = {voter_id for wave in predicate.get("asked", []) for voter_id in wave["voters"]}
    return all(voter["voterId"] in asked for voter in predicate["electorate"])


def stop_holds(predicate):
    """§ 6, "Waves and stops", second half."""
    if "stopped" not in predicate:
        return "cost" not in predicate
    if predicate.get("earlyStop") != "certain" or not Record(predicate).certain():
        return False
    not_asked = []
    if predicate.get("waves") is True:
        asked = {voter_id for wave in predicate.get("asked", []) for voter_id in wave["voters"]}
        not_asked = [v["voterId"] for v in predicate["electorate"] if v["voterId"] not in asked]
    return predicate["stopped"]["notAsked"] == not_asked and predicate.get("cost") == {
        "skippedByEarlyStop": len(not_asked)
    }


# ---------------------------------------------------------------------------------------------------------------------
# § 9  The steps, in their order
# ---------------------------------------------------------------------------------------------------------------------


class Stop(Exception):
    """The first step that failed, with its code."""

    def __init__(self, code, step):
        super().__init__(code, step)
        self.code, self.step = code, step


def demand(condition, code, step):
    if not condition:
        raise Stop(code, step)


def step_signature(receipt, trust):
    keyid = receipt.envelope["signatures"][0]["keyid"]
    demand(keyid in trust.services, 5, "signature")
    demand(envelope_signed_by(trust.services[keyid], receipt.envelope), 2, "signature")


def step_subject(receipt):
    demand(receipt.payload == only_payload(receipt.predicate), 6, "subject")
    opened = all(disclosure_holds(receipt.predicate, each) for each in receipt.disclosures)
    demand(opened, 6, "subject")


def step_checkpoint(receipt, trust):
    named = receipt.predicate["origin"]
    demand(receipt.origin == named or origin_follows(receipt.origin, named), 3, "checkpoint")
    if trust:
        keys = [key for key in trust.logs if key[0] == receipt.origin]
        holding = check_note(receipt.note, keys, log_line_holds)
        demand(holding is not None, 3, "checkpoint")
        demand(holding, 5, "checkpoint")


def step_witnesses(receipt, trust):
    holding = check_note(receipt.note, trust.witnesses, witness_line_holds)
    demand(holding is not None, 3, "witnesses")
    demand(len(holding) >= trust.witness_threshold, 5, "witnesses")


def step_entry(receipt):
    data, predicate = receipt.entry["data"], receipt.predicate
    same = (
        data["decision"] == predicate["decisionId"]
        and jcs(data["outcome"]) == jcs(predicate["outcome"])
        and data["payloadSha256"] == receipt.payload_sha256
    )
    demand(same, 3, "entry")


def step_policy(receipt, trust, waiver_lines, now):
    predicate = receipt.predicate
    for voter in predicate["electorate"]:
        demand(trust.voters.get(voter["voterId"], voter["publicKey"]) == voter["publicKey"], 5, "policy")
    for voter in predicate["electorate"]:
        demand(trust.algorithms is None or voter["algorithm"] in trust.algorithms, 5, "policy")
        site = voter.get("relyingParty")
        demand(trust.sites is None or site is None or site in trust.sites, 5, "policy")
    found = {
        "outcome": predicate["outcome"]["status"],
        "panelSha256": predicate.get("policy", {}).get("panelSha256"),
        "origin": predicate["origin"],
        "repository": predicate.get("subject", {}).get("repository"),
        "waves": "finished" if waves_finished(predicate) else None,
    }
    for name, wanted in trust.require.items():
        met = found[name] == wanted
        if not met and (name, wanted) == ("outcome", "approved"):
            met = is_waived(predicate, receipt.payload_sha256, trust, waiver_lines, now)
        demand(met, 9, "policy")
    counted = {record["voterId"] for record in predicate["ballots"] if record["status"] == "counted"}
    external = sum(
        v["voterId"] in trust.voters and v["custody"] != "platform" and v["voterId"] in counted
        for v in predicate["electorate"]
    )
    demand(external >= trust.min_external, 9, "policy")


def run_steps(data, trust, waiver_lines, now):
    try:
        receipt = Receipt(data)
    except Malformed:
        raise Stop(6, "parse") from None
    if trust:
        step_signature(receipt, trust)
    step_subject(receipt)
    step_checkpoint(receipt, trust)
    if trust:
        step_witnesses(receipt, trust)
    included = is_included(receipt.leaf, receipt.index, receipt.size, receipt.path, receipt.root)
    demand(included, 3, "inclusion")
    step_entry(receipt)
    wrong = check_ballots(receipt.predicate)
    demand(wrong is None, wrong, "ballots")
    demand(tally_holds(receipt.predicate), 4, "tally")
    if trust:
        step_policy(receipt, trust, waiver_lines, now)


def verify(data, trust=None, waiver_lines=(), now=0):
    """(exit code, step that failed or None) of the bytes of a receipt."""
    try:
        run_steps(data, trust, waiver_lines, now)
    except Stop as stop:
        return stop.code, stop.step
    except (RecursionError, MemoryError):  # no rule of the specification, but never an acceptance
        return 6, "parse"
    return (0 if trust else 7), None


# ---------------------------------------------------------------------------------------------------------------------
# § 10  The command line
# ---------------------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """It does not come to verifying: exit code 10."""


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read(FILE_BYTES + 1)  # one byte more than a receipt may have is enough to refuse it
    except (OSError, ValueError) as error:
        raise Refused(f"cannot read {path!r}: {error}") from None


def answer(receipt, trust=None, waivers=None, now=None):
    """Verify by names of files; Refused where it does not come to that."""
    moment = time.time_ns() // 1_000_000 if now is None else milliseconds(now)
    if moment is None:
        raise Refused("--now wants a time")
    root = None
    if trust is not None:
        try:
            root = TrustRoot(read_file(trust))
        except Malformed as error:
            raise Refused(f"the trust root is refused: {error}") from None
    lines = [] if waivers is None else read_file(waivers).split(b"\n")
    return verify(read_file(receipt), root, lines, moment)


def run_one(arguments):
    files, options = [], {}
    rest = list(arguments)
    while rest:
        each = rest.pop(0)
        if each in ("--waivers", "--now"):
            if not rest or each in options:
                raise Refused(f"{each} wants one value")
            options[each] = rest.pop(0)
        elif each.startswith("--"):
            raise Refused(f"unknown option {each}")
        else:
            files.append(each)
    if not 1 <= len(files) <= 2:
        raise Refused("usage: verify RECEIPT [TRUST] [--waivers FILE] [--now TIME]")
    code, step = answer(*files, **{name[2:]: value for name, value in options.items()})
    print({0: "nothing is wrong with it", 7: "consistent, untrusted"}.get(code, f"failed at {step}"))
    return code


BATCH_LINE = members(
    {"receipt": some_string, "trust": lambda path: path is None or some_string(path)},
    {"waivers": some_string, "now": check_time},
)


def run_batch():
    for data in sys.stdin.buffer:
        if not data.strip():
            continue
        try:
            job = read_json(data)
            BATCH_LINE(job)
            code, step = answer(**job)
        except (Malformed, Refused) as error:
            print(error, file=sys.stderr)
            code, step = 10, None
        print(json.dumps({"exitCode": code, "step": step}), flush=True)
    return 0


VECTOR = members(
    {
        "file": some_string,
        "trust": lambda name: name is None or some_string(name),
        "exitCode": integer(0),
        "step": lambda name: name is None or some_string(name),
        "what": some_string,
    },
    {"waivers": some_string, "now": check_time},
)
MANIFEST = members(
    {
        "receipts": array(VECTOR, UNBOUNDED, 1),
        "refusedTrustRoots": array(members({"file": some_string, "what": some_string}), UNBOUNDED),
    }
)


def vectors(folder):
    """(file, expected code, expected step, arguments of `answer`) of each vector."""
    try:
        manifest = read_json(read_file(os.path.join(folder, "manifest.json")))
        MANIFEST(manifest)
    except Malformed as error:
        raise Refused(f"not a manifest: {error}") from None
    for vector in manifest["receipts"]:
        paths = {k: os.path.join(folder, vector[k]) for k in ("trust", "waivers") if vector.get(k) is not None}
        job = {"receipt": os.path.join(folder, vector["file"]), "now": vector.get("now"), **paths}
        yield vector["file"], vector["exitCode"], vector["step"], job
    any_receipt = os.path.join(folder, manifest["receipts"][0]["file"])
    for vector in manifest["refusedTrustRoots"]:
        yield vector["file"], 10, None, {"receipt": any_receipt, "trust": os.path.join(folder, vector["file"])}


def run_manifest(folder):
    agreeing = total = 0
    for file, code, step, job in vectors(folder):
        try:
            found = answer(**job)
        except Refused:
            found = (10, None)
        total += 1
        agreeing += found == (code, step)
        if found != (code, step):
            print(f"{file} expected {code} {step or '-'} found {found[0]} {found[1] or '-'}")
    print(f"{agreeing} of {total} vectors agree")
    return 0 if agreeing == total else 1


def main(arguments):
    sys.setrecursionlimit(100_000)  # ranked pairs recurse once per victory; such calls use no C stack in Python 3.11
    try:
        if arguments == ["--batch"]:
            return run_batch()
        if len(arguments) == 2 and arguments[0] == "--manifest":
            return run_manifest(arguments[1])
        return run_one(arguments)
    except Refused as error:
        print(error, file=sys.stderr)
        return 10


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
