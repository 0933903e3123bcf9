#!/usr/bin/env python3
"""Verifies decision receipts: a second verifier, written from receipt.md alone, with the standard library alone.

    verify.py RECEIPT [TRUST]        prints the step that failed, if any, and ends with its exit code
    verify.py --batch < LIST         LIST has a JSON document a line, {"receipt": path, "trust": path or null};
                                     answers {"exitCode", "step"} a line
    verify.py --manifest FOLDER      checks the vectors of a folder against its manifest

It is slow and has no options: it is there to show that the specification suffices.
"""
import base64
import hashlib
import json
import re
import sys
from functools import cmp_to_key
from pathlib import Path

LARGEST = 2**53 - 1
SPACE = "\t\n\x0b\x0c\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


class Malformed(Exception):
    pass


class Failed(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def need(condition, code=6):
    if not condition:
        raise Malformed if code == 6 else Failed(code)


# 1. Text, numbers, bytes


class Reader:
    """Strict JSON."""

    def __init__(self, text):
        self.text, self.at, self.values = text, 0, 0

    def document(self):
        value = self.value(0)
        self.space()
        need(self.at == len(self.text))
        return value

    def peek(self):
        return self.text[self.at : self.at + 1]

    def space(self):
        while self.peek() in (" ", "\t", "\n", "\r"):
            self.at += 1

    def take(self, token):
        need(self.text.startswith(token, self.at))
        self.at += len(token)

    def value(self, depth):
        self.values += 1
        need(depth <= 64 and self.values <= 1_000_000)
        self.space()
        first = self.peek()
        if first == "{":
            return self.object(depth)
        if first == "[":
            return self.array(depth)
        if first == '"':
            return self.string()
        for word, meaning in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        return self.number()

    def object(self, depth):
        members = {}
        self.take("{")
        self.space()
        if self.peek() == "}":
            self.take("}")
            return members
        while True:
            self.space()
            name = self.string()
            need(name != "__proto__" and name not in members)
            self.space()
            self.take(":")
            members[name] = self.value(depth + 1)
            self.space()
            if self.peek() == "}":
                self.take("}")
                return members
            self.take(",")

    def array(self, depth):
        items = []
        self.take("[")
        self.space()
        if self.peek() == "]":
            self.take("]")
            return items
        while True:
            items.append(self.value(depth + 1))
            self.space()
            if self.peek() == "]":
                self.take("]")
                return items
            self.take(",")

    STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')

    def string(self):
        found = self.STRING.match(self.text, self.at)
        need(found)
        self.at = found.end()
        value = json.loads(found.group(0)) if "\\" in found.group(0) else found.group(1)
        need(not any(0xD800 <= ord(character) <= 0xDFFF for character in value))
        return value

    NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?![0-9.eE])")

    def number(self):
        found = self.NUMBER.match(self.text, self.at)
        need(found)
        self.at = found.end()
        digits = found.group(0)
        need(digits != "-0" and len(digits) <= 17)
        value = int(digits)
        need(-LARGEST <= value <= LARGEST)
        return value


def strict_json(data):
    try:
        return Reader(data.decode("utf-8", "strict")).document()
    except UnicodeDecodeError:
        raise Malformed from None


def units(text):
    return len(text.encode("utf-16-le")) // 2


ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def canonical_text(value):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        inner = "".join(ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value)
        return f'"{inner}"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical_text, value)) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical_text(name)}:{canonical_text(value[name])}" for name in names) + "}"


def jcs(value):
    return canonical_text(value).encode("utf-8")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def from_base64(text):
    need(re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text) and len(text) % 4 == 0)
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed from None
    need(base64.b64encode(data).decode() == text)
    return data


# 1. Shapes


def is_integer(value, least=-LARGEST, most=LARGEST):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def integer(least, most=LARGEST):
    return lambda value: need(is_integer(value, least, most))


def string(most, least=0, pattern=None):
    compiled = pattern and re.compile(pattern)

    def check(value):
        need(isinstance(value, str) and least <= units(value) <= most)
        need(compiled is None or compiled.fullmatch(value))

    return check


def line(most):
    return string(most, 1, "[^\x00-\x1f\x7f-\x9f]+")


def text(most):
    return string(most, 1, "[^\x00-\x08\x0b-\x1f\x7f-\x9f]+")


def one_of(*values):
    return lambda value: need(isinstance(value, str) and value in values)


def boolean(value):
    need(isinstance(value, bool))


def items(item, most, least=0):
    def check(value):
        need(isinstance(value, list) and least <= len(value) <= most)
        for one in value:
            item(one)

    return check


def mapping(name, item, most):
    def check(value):
        need(isinstance(value, dict) and len(value) <= most)
        for key, one in value.items():
            name(key)
            item(one)

    return check


def members(_also=None, **shapes):
    """Members whose name ends with `_` may be absent."""
    required = {name: shape for name, shape in shapes.items() if not name.endswith("_")}
    known = {name.rstrip("_"): shape for name, shape in shapes.items()}

    def check(value):
        need(isinstance(value, dict))
        need(all(name in value for name in required) and all(name in known for name in value))
        for name, one in value.items():
            known[name](one)
        need(_also is None or _also(value))

    return check


def any_json(value, depth=0):
    need(depth < 12)
    if isinstance(value, str):
        need(units(value) <= 100_000)
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        any_json(one, depth + 1)


def exactly_one(value, names):
    return sum(name in value for name in names) == 1


base64_text = lambda most: string(most, 1, "[A-Za-z0-9+/]+={0,2}")
digest = string(64, 64, "[0-9a-f]+")
object_id = string(64, 40, "[0-9a-f]{40}|[0-9a-f]{64}")


def bytes_of(length):
    def check(value):
        need(isinstance(value, str) and len(from_base64(value)) == length)

    return check


key, salt, signature_value = bytes_of(32), bytes_of(32), bytes_of(64)
time = string(40, 20, r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
seq = integer(1)
identifier = line(100)


def option_id(value):
    identifier(value)
    need(value != "__proto__")


share = members(num=integer(0, 1_000_000), den=integer(1, 1_000_000))
rule = members(
    method=one_of("approval-gate", "schulze", "score"),
    variant_=one_of("unanimous", "winning", "margin", "ratio", "sum", "lower-median"),
    threshold_=share,
    quorum_=share,
    minVoters_=integer(1, 1_000),
    statusQuo_=option_id,
)
voter = members(
    voterId=identifier,
    kind=one_of("check", "llm", "cli", "remote", "human"),
    name=text(120),
    family=line(100),
    algorithm=one_of("ed25519"),
    publicKey=key,
    custody=one_of("platform", "external", "passkey"),
    roles=items(line(100), 20),
    weight=integer(1, 1_000_000),
    evaluator_=members(id=line(200), version=line(100), sha256=digest, deterministic=boolean),
)
TERMS = {
    "decisionId": identifier,
    "question": members(sha256=digest),
    "origin": line(300),
    "options": items(members(id=option_id, title=text(120)), 100, 1),
    "rule": rule,
    "secrecy": one_of("open", "sealed"),
    "electorate": items(voter, 1_000, 1),
    "gates": items(line(100), 50),
    "notices": items(text(1_000), 20),
    "engine": members(name=line(100), version=line(100)),
    "subject_": members(repository=text(400), base=object_id, head=object_id, tree=object_id, diffSha256=digest),
    "policy_": members(
        panel=line(200),
        panelSha256=digest,
        source=line(400),
        files_=items(members(name=line(400), sha256=digest), 100),
    ),
}
ballot = members(
    lambda value: exactly_one(value, ("vote", "ranking", "score"))
    and (value.get("vote") != "abstain" or value["reason"].strip(SPACE) != ""),
    decisionId=identifier,
    round=integer(1, 1),
    voterId=identifier,
    reason=string(4_000),
    vote_=one_of("yes", "no", "abstain"),
    ranking_=items(items(option_id, 100, 1), 100),
    score_=mapping(option_id, integer(0, 1_000), 100),
    findingsSha256_=digest,
)
statement = members(
    lambda value: exactly_one(value, ("commit", "ballot")),
    seq=seq,
    signature=members(algorithm=one_of("ed25519"), value=signature_value),
    commit_=digest,
    ballot_=ballot,
    salt_=salt,
)
outcome = members(
    status=one_of("approved", "rejected", "decided", "undecided"),
    winners=items(option_id, 100),
    reason=one_of(
        "threshold-met",
        "threshold-missed",
        "most-preferred",
        "gate-red",
        "evidence-missing",
        "all-abstained",
        "no-quorum",
        "below-threshold",
        "tied",
    ),
)
predicate_shape = members(
    **TERMS,
    evidence=items(
        members(gate=line(100), status=one_of("green", "red", "abstained"), sha256=digest, reason=string(4_000), seq=seq),
        50,
    ),
    ballots=items(
        members(
            voterId=identifier,
            status=one_of("counted", "abstained", "void", "unrevealed"),
            statements=items(statement, 4, 1),
        ),
        1_000,
    ),
    phase=one_of("sealed", "no-quorum", "tied", "expired"),
    tally=members(
        status=one_of("decided", "tied", "no-quorum", "below-threshold"),
        winners=items(option_id, 100),
        ranking=items(items(option_id, 100, 1), 100),
        detail=mapping(string(100, 1), any_json, 50),
    ),
    outcome=outcome,
    window=members(opened=seq, closed=seq, ended=seq, commitsClosed_=seq),
    times=members(openedAt=time, endedAt=time),
)
STATEMENT_TYPE, PREDICATE_TYPE = "https://in-toto.io/Statement/v1", "https://conclave.dev/decision-receipt/v1"
statement_of_receipt = members(
    _type=one_of(STATEMENT_TYPE),
    subject=items(
        members(name=string(500, 1), digest=mapping(string(50, 1), string(128, 1, "[0-9a-f]+"), 4)), 4, 1
    ),
    predicateType=one_of(PREDICATE_TYPE),
    predicate=predicate_shape,
)
MEDIA_TYPE = "application/vnd.conclave.decision-receipt.v1+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
file_shape = members(
    mediaType=one_of(MEDIA_TYPE),
    envelope=members(
        payloadType=one_of(PAYLOAD_TYPE),
        payload=base64_text(20_000_000),
        signatures=items(members(keyid=string(200), sig=base64_text(4_096)), 1, 1),
    ),
    log=members(entry=base64_text(100_000), proof=string(200_000, 1)),
    disclosures=items(members(path=string(200), salt=salt, value=any_json), 100),
)

# 1. Ed25519, from RFC 8032, slowly

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SMALL_ORDER = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
}


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decode_point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def encode_point(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_safe(public_key):
    if len(public_key) != 32:
        return False
    y = public_key[:31] + bytes([public_key[31] & 0x7F])
    return int.from_bytes(y, "little") < P and y.hex() not in SMALL_ORDER


def holds(public_key, message, signature):
    if not is_safe(public_key) or len(signature) != 64:
        return False
    point, s = decode_point(public_key), int.from_bytes(signature[32:], "little")
    if point is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    x, y, z, t = multiply(k, point)
    return encode_point(add(multiply(s, BASE), (P - x, y, z, P - t))) == signature[:32]


# 5. The log

DECIMAL = re.compile("0|[1-9][0-9]*")
NAME = f"[^{SPACE}\u0085+]+"


def decimal(text):
    need(DECIMAL.fullmatch(text) and len(text) <= 16 and int(text) <= LARGEST)
    return int(text)


def hash_of(text):
    data = from_base64(text)
    need(len(data) == 32)
    return data


def read_proof(text):
    head, found, checkpoint = text.partition("\n\n")
    need(found)
    lines = head.split("\n")
    need(lines.pop(0) == "c2sp.org/tlog-proof@v1")
    if lines and lines[0].startswith("extra "):
        from_base64(lines.pop(0)[len("extra ") :])
    need(lines and lines[0].startswith("index "))
    index = decimal(lines.pop(0)[len("index ") :])
    need(len(lines) <= 64)
    return index, [hash_of(one) for one in lines], checkpoint


SIGNATURE_LINE = re.compile(f"\u2014 ({NAME}) ([A-Za-z0-9+/=]+)")


def read_note(note):
    need(units(note) <= 1_000_000)
    end = note.rfind("\n\n")
    need(end >= 0 and note.endswith("\n"))
    text, rest = note[: end + 1], note[end + 2 :]
    need(rest != "" and not re.search("[\x00-\x09\x0b-\x1f]", text))
    signatures = []
    for one in rest[:-1].split("\n"):
        found = SIGNATURE_LINE.fullmatch(one)
        need(found)
        data = from_base64(found.group(2))
        need(len(data) >= 5)
        signatures.append((found.group(1), data[:4], data[4:]))
    need(len(signatures) <= 100)
    return text, signatures


def read_checkpoint(text):
    lines = text.split("\n")
    need(lines.pop() == "" and len(lines) >= 3 and "" not in lines)
    return lines[0], decimal(lines[1]), hash_of(lines[2])


ORIGIN = re.compile(r"(.+/log/[^/]+?)(?:/([2-9]|[1-9][0-9]{1,8}))?", re.DOTALL)


def follows(origin, earlier):
    later, first = ORIGIN.fullmatch(origin), ORIGIN.fullmatch(earlier)
    same = later is not None and first is not None and later[1] == first[1]
    return same and int(later[2] or 1) > int(first[2] or 1)


def key_id(name, kind, public_key):
    return sha256(name.encode(), b"\n", bytes([kind]), public_key)[:4]


def read_verifier_key(text, kind):
    parts = text.split("+", 2)
    need(len(parts) == 3 and re.fullmatch(NAME, parts[0]))
    material = from_base64(parts[2])
    need(material[:1] == bytes([kind]) and is_safe(material[1:]))
    need(parts[1] == key_id(parts[0], kind, material[1:]).hex())
    return parts[0], kind, material[1:]


def line_holds(text, kind, public_key, signature):
    if kind == 1:
        return holds(public_key, text.encode(), signature)
    seconds = int.from_bytes(signature[:8], "big")
    if len(signature) != 72 or seconds > 2**63 - 1:
        return False
    return holds(public_key, f"cosignature/v1\ntime {seconds}\n{text}".encode(), signature[8:])


def check_note(note, keys):
    """The keys whose lines hold; a line that does not is a failure of the log."""
    text, signatures = note
    signers = set()
    for name, identity, signature in signatures:
        known = next((one for one in keys if one[0] == name and key_id(*one) == identity), None)
        if known is not None:
            need(line_holds(text, known[1], known[2], signature), 3)
            signers.add(known)
    return signers


def is_included(leaf, index, size, path, root):
    if index >= size:
        return False
    fn, sn, r = index, size - 1, sha256(b"\0", leaf)
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha256(b"\1", p, r)
            while fn & 1 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1", r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


# 8. The trust root


def safe_key(value):
    need(isinstance(value, str) and is_safe(from_base64(value)))


def not_empty(value):
    need(isinstance(value, str) and value != "")


def named(name):
    return items(members(**{name: not_empty}, publicKey=safe_key), LARGEST)


trust_shape = members(
    version=integer(1, 1),
    logs=items(not_empty, LARGEST, 1),
    services=items(members(keyid=not_empty, publicKey=safe_key), LARGEST, 1),
    witnesses_=members(keys=items(not_empty, LARGEST), threshold=integer(0)),
    voters_=named("voterId"),
    minExternalCustody_=integer(0),
    require_=members(outcome_=not_empty, panelSha256_=not_empty, origin_=not_empty, repository_=not_empty),
    waivers_=members(keys=named("keyid"), threshold=integer(1)),
)


def read_trust(data):
    trust = strict_json(data)
    trust_shape(trust)
    witnesses = trust.get("witnesses", {"keys": [], "threshold": 0})
    known = {
        "logs": [read_verifier_key(one, 1) for one in trust["logs"]],
        "services": {one["keyid"]: from_base64(one["publicKey"]) for one in trust["services"]},
        "witnesses": [read_verifier_key(one, 4) for one in witnesses["keys"]],
        "threshold": witnesses["threshold"],
        "voters": {one["voterId"]: one["publicKey"] for one in trust["voters"]} if "voters" in trust else None,
        "custody": trust.get("minExternalCustody", 0),
        "require": trust.get("require", {}),
    }
    waivers = trust.get("waivers", {"keys": [], "threshold": 0})
    need(len(set(known["logs"])) == len(trust["logs"]) and len(known["services"]) == len(trust["services"]))
    need(len(set(known["witnesses"])) == len(witnesses["keys"]) >= known["threshold"])
    need(known["voters"] is None or len(known["voters"]) == len(trust["voters"]))
    need(len({one["keyid"] for one in waivers["keys"]}) == len(waivers["keys"]) >= waivers["threshold"])
    need(known["custody"] == 0 or known["voters"] is not None)
    return known


# 7. Counting


def reaches(part, whole, a_share):
    return part * a_share["den"] >= a_share["num"] * whole


def can_govern(a_rule, options):
    if len(set(options)) < len(options):
        return False
    method, variant, threshold = a_rule["method"], a_rule.get("variant"), a_rule.get("threshold")
    if method == "approval-gate":
        if variant not in (None, "unanimous") or (variant and threshold) or "statusQuo" in a_rule:
            return False
    elif method == "schulze":
        if variant not in (None, "winning", "margin", "ratio") or (threshold and "statusQuo" not in a_rule):
            return False
    elif variant not in (None, "lower-median", "sum") or threshold:
        return False
    for one in (threshold, a_rule.get("quorum")):
        if one and not 0 < one["num"] <= one["den"]:
            return False
    return a_rule.get("statusQuo", options[0]) in options


def can_be_counted(a_ballot, a_rule, options):
    if a_ballot.get("vote") == "abstain":
        return True
    reads = {"approval-gate": "vote", "schulze": "ranking", "score": "score"}[a_rule["method"]]
    if reads not in a_ballot:
        return False
    named_options = [one for tier in a_ballot.get("ranking", ()) for one in tier] + list(a_ballot.get("score", ()))
    return all(one in options for one in named_options) and len(set(named_options)) == len(named_options)


def sign(number):
    return (number > 0) - (number < 0)


def compare_links(variant, a, b):
    (f, g), (f2, g2) = a, b
    if variant == "margin":
        return sign((f - g) - (f2 - g2))
    direction = sign(f - g)
    if direction != sign(f2 - g2):
        return sign(direction - sign(f2 - g2))
    if variant == "ratio" and f * g2 != f2 * g:
        return sign(f * g2 - f2 * g)
    if direction == 0:
        return 0
    if variant == "ratio":
        return sign(g2 - g) if f == 0 else sign(f - f2) if g == 0 else 0
    return (sign(f - f2) or sign(g2 - g)) if direction > 0 else (sign(g2 - g) or sign(f - f2))


def schulze(options, a_rule, ballots):
    count = range(len(options))
    matrix = [[0 for _ in count] for _ in count]
    for a_ballot, weight in ballots:
        place = {one: depth for depth, tier in enumerate(a_ballot["ranking"]) for one in tier}
        depths = [place.get(one, len(options) + 1) for one in options]
        for a in count:
            for b in count:
                if depths[a] < depths[b]:
                    matrix[a][b] += weight
    variant = a_rule.get("variant", "winning")
    order = cmp_to_key(lambda a, b: compare_links(variant, a, b))
    links = [(matrix[a][b], matrix[b][a]) for a in count for b in count]
    strengths = []
    for link in sorted(links, key=order):
        if not strengths or order(strengths[-1]) != order(link):
            strengths.append(link)

    def level(link):
        return next(at for at, one in enumerate(strengths) if order(one) == order(link))

    paths = [[level((matrix[a][b], matrix[b][a])) for b in count] for a in count]
    for via in count:
        for a in count:
            for b in count:
                if len({a, b, via}) == 3:
                    paths[a][b] = max(paths[a][b], min(paths[a][via], paths[via][b]))
    ranking, left = [], list(count)
    while left:
        best = [a for a in left if not any(paths[b][a] > paths[a][b] for b in left)]
        ranking.append([options[a] for a in best])
        left = [a for a in left if a not in best]

    def may_win(winner):
        if a_rule.get("statusQuo", winner) == winner:
            return True
        w, s = options.index(winner), options.index(a_rule["statusQuo"])
        won, lost = matrix[w][s], matrix[s][w]
        return won > lost and ("threshold" not in a_rule or reaches(won, won + lost, a_rule["threshold"]))

    figures = {"matrix": matrix, "paths": [[list(strengths[one]) for one in row] for row in paths]}
    return [one for one in ranking[0] if may_win(one)], ranking, figures


def score(options, a_rule, ballots):
    def of(option):
        grades = sorted((a_ballot["score"].get(option, 0), weight) for a_ballot, weight in ballots)
        if a_rule.get("variant") == "sum":
            return sum(grade * weight for grade, weight in grades)
        whole, reached = sum(weight for _, weight in grades), 0
        for grade, weight in grades:
            reached += weight
            if reached >= whole - reached:
                return grade
        return 0

    scores = {option: of(option) for option in options}
    ranking = [
        [option for option in options if scores[option] == one] for one in sorted(set(scores.values()), reverse=True)
    ]
    return ranking[0], ranking, {"scores": scores}


def approval_gate(_options, a_rule, ballots):
    yes, no = (sum(weight for a_ballot, weight in ballots if a_ballot["vote"] == said) for said in ("yes", "no"))
    approved = yes > no
    if a_rule.get("variant") == "unanimous":
        approved = approved and no == 0
    elif "threshold" in a_rule:
        approved = approved and reaches(yes, yes + no, a_rule["threshold"])
    ranking = [["approved"], ["rejected"]] if approved else [["rejected"], ["approved"]]
    return ranking[0], ranking, {"yes": yes, "no": no}


METHODS = {"approval-gate": approval_gate, "schulze": schulze, "score": score}


def count(predicate):
    options, a_rule = [one["id"] for one in predicate["options"]], predicate["rule"]
    need(can_govern(a_rule, options), 4)
    records = {one["voterId"]: one for one in predicate["ballots"]}
    taken = []
    for one in predicate["electorate"]:
        status, a_ballot = standing(records.get(one["voterId"], {"statements": []})["statements"])
        if status in ("counted", "abstained"):
            need(can_be_counted(a_ballot, a_rule, options), 4)
            taken.append((a_ballot, one["weight"]))
    cast = [one for one in taken if one[0].get("vote") != "abstain"]
    present, counted = (sum(weight for _, weight in some) for some in (taken, cast))
    eligible = sum(one["weight"] for one in predicate["electorate"])
    quorate = counted > 0 and len(cast) >= a_rule.get("minVoters", 1)
    quorate = quorate and ("quorum" not in a_rule or reaches(present, eligible, a_rule["quorum"]))
    winners, ranking, figures = METHODS[a_rule["method"]](options, a_rule, cast)
    status = "no-quorum"
    if quorate:
        status = ("below-threshold", "decided")[len(winners)] if len(winners) < 2 else "tied"
    detail = {**figures, "present": present, "counted": counted, "voters": len(cast), "eligible": eligible}
    return {"status": status, "winners": winners if quorate else [], "ranking": ranking, "detail": detail}


def recount(predicate):
    tally = count(predicate)
    gate = predicate["rule"]["method"] == "approval-gate"
    reports = {one["gate"]: one["status"] for one in predicate["evidence"]}

    def end(phase, status, reason, winners=()):
        return {
            "phase": phase,
            "outcome": {"status": status, "winners": list(winners), "reason": reason},
            "tally": tally,
        }

    if "red" in reports.values():
        return end("sealed", "rejected", "gate-red", ["rejected"] if gate else [])
    if any(one not in reports for one in predicate["gates"]):
        return end("expired", "undecided", "evidence-missing")
    status, winners = tally["status"], tally["winners"]
    if status == "no-quorum":
        mute = tally["detail"]["counted"] == 0 and tally["detail"]["present"] != 0
        return end("no-quorum", "undecided", "all-abstained" if mute else "no-quorum")
    if status == "tied":
        return end("tied", "undecided", "tied", winners)
    if status == "below-threshold":
        return end("sealed", "undecided", "below-threshold")
    if not gate:
        return end("sealed", "decided", "most-preferred", winners)
    if winners[0] == "approved":
        return end("sealed", "approved", "threshold-met", winners)
    return end("sealed", "rejected", "threshold-missed", winners)


# 6. Ballots


def standing(statements):
    commits = [one["commit"] for one in statements if "commit" in one]
    ballots = [one for one in statements if "ballot" in one]
    if len(commits) > 1 or len(ballots) > 1:
        return "void", None
    if not ballots:
        return "unrevealed", None
    a_ballot, promise = ballots[0]["ballot"], None
    if "salt" in ballots[0]:
        promise = sha256(b"conclave/ballot-commit/v1\n", from_base64(ballots[0]["salt"]), jcs(a_ballot)).hex()
    if promise != (commits[0] if commits else None):
        return "void", None
    return ("abstained" if a_ballot.get("vote") == "abstain" else "counted"), a_ballot


def terms_digest(predicate):
    names = {name.rstrip("_") for name in TERMS}
    return sha256(jcs({name: value for name, value in predicate.items() if name in names})).hex()


def distinct(values):
    return len(set(values)) == len(values)


def window_holds(predicate):
    window, evidence, records = predicate["window"], predicate["evidence"], predicate["ballots"]
    opened, closed, ended, middle = (window.get(one) for one in ("opened", "closed", "ended", "commitsClosed"))
    if not (opened == 1 and opened < closed < ended):
        return False
    if (middle is not None) != (predicate["secrecy"] == "sealed"):
        return False
    if middle is not None and not opened < middle < closed:
        return False
    places = list(window.values()) + [one["seq"] for one in evidence]
    places += [one["seq"] for record in records for one in record["statements"]]
    if not distinct(places) or len(places) < ended:
        return False
    return all(opened < one["seq"] < closed for one in evidence)


def statement_in_window(predicate, one):
    window = predicate["window"]
    if not window["opened"] < one["seq"] < window["closed"]:
        return False
    if predicate["secrecy"] == "open":
        return "commit" not in one and "salt" not in one
    middle = window.get("commitsClosed", 0)
    if "ballot" in one and "salt" in one:
        return one["seq"] > middle
    return one["seq"] < middle and ("commit" in one or one["ballot"].get("vote") == "abstain")


def check_ballots(predicate):
    electorate, records, evidence = predicate["electorate"], predicate["ballots"], predicate["evidence"]
    voters = {one["voterId"]: one for one in electorate}
    options = [one["id"] for one in predicate["options"]]
    decision, terms = predicate["decisionId"], terms_digest(predicate)
    good = distinct([one["voterId"] for one in electorate]) and distinct([one["publicKey"] for one in electorate])
    good = good and distinct([one["voterId"] for one in records]) and distinct([one["gate"] for one in evidence])
    good = good and all(one["gate"] in predicate["gates"] for one in evidence) and window_holds(predicate)
    for record in records:
        voter_id, statements = record["voterId"], record["statements"]
        if voter_id not in voters:
            good = False
            continue
        public_key = from_base64(voters[voter_id]["publicKey"])
        said = [(one.get("commit"), jcs(one["ballot"]) if "ballot" in one else None) for one in statements]
        good = good and record["status"] == standing(statements)[0] and distinct(said)
        for one in statements:
            good = good and statement_in_window(predicate, one)
            if "ballot" in one:
                a_ballot = one["ballot"]
                own = a_ballot["decisionId"] == decision and a_ballot["voterId"] == voter_id
                good = good and own and can_be_counted(a_ballot, predicate["rule"], options)
                signed = f"conclave/ballot/v1\n{terms}\n".encode() + jcs(a_ballot)
            else:
                commitment = {"decisionId": decision, "round": 1, "voterId": voter_id, "commit": one["commit"]}
                signed = f"conclave/commit/v1\n{terms}\n".encode() + jcs(commitment)
            need(holds(public_key, signed, from_base64(one["signature"]["value"])), 2)
    need(good, 4)


# 9. The steps


class Receipt:
    def __init__(self, data):
        need(len(data) <= 32_000_000)
        self.file = strict_json(data)
        file_shape(self.file)
        self.payload = from_base64(self.file["envelope"]["payload"])
        statement_text = strict_json(self.payload)
        statement_of_receipt(statement_text)
        self.predicate = statement_text["predicate"]
        signature = self.file["envelope"]["signatures"][0]
        self.keyid, self.signature = signature["keyid"], from_base64(signature["sig"])
        self.leaf = from_base64(self.file["log"]["entry"])
        entry = strict_json(self.leaf)
        need(isinstance(entry, dict) and entry.get("type") == "decision.sealed")
        need(isinstance(entry.get("data"), dict))
        self.entry = {
            name: one for name, one in entry["data"].items() if name in ("decision", "outcome", "payloadSha256")
        }
        members(decision=identifier, outcome=outcome, payloadSha256=digest)(self.entry)
        self.index, self.path, checkpoint = read_proof(self.file["log"]["proof"])
        self.note = read_note(checkpoint)
        self.origin, self.size, self.root = read_checkpoint(self.note[0])

    def check_signature(self, trust):
        if trust is None:
            return
        need(self.keyid in trust["services"], 5)
        kind = self.file["envelope"]["payloadType"].encode()
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)
        need(holds(trust["services"][self.keyid], signed, self.signature), 2)

    def check_subject(self, _trust):
        predicate = self.predicate
        subjects = [
            {"name": "decision/" + predicate["decisionId"], "digest": {"sha256": sha256(jcs(predicate)).hex()}}
        ]
        if "subject" in predicate:
            about = predicate["subject"]
            subjects.append({"name": about["repository"], "digest": {"gitCommit": about["head"]}})
            subjects.append({"name": about["repository"] + "#tree", "digest": {"gitTree": about["tree"]}})
        whole = {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
        need(jcs(whole) == self.payload)
        for one in self.file["disclosures"]:
            opened = sha256(b"conclave/data/v1\n", from_base64(one["salt"]), jcs(one["value"])).hex()
            need(one["path"] == "/question" and opened == predicate["question"]["sha256"])

    def check_checkpoint(self, trust):
        opened = self.predicate["origin"]
        need(self.origin == opened or follows(self.origin, opened), 3)
        if trust is not None:
            need(check_note(self.note, [one for one in trust["logs"] if one[0] == self.origin]), 5)

    def check_witnesses(self, trust):
        if trust is not None:
            need(len(check_note(self.note, trust["witnesses"])) >= trust["threshold"], 5)

    def check_inclusion(self, _trust):
        need(is_included(self.leaf, self.index, self.size, self.path, self.root), 3)

    def check_entry(self, _trust):
        expected = {
            "decision": self.predicate["decisionId"],
            "outcome": self.predicate["outcome"],
            "payloadSha256": sha256(self.payload).hex(),
        }
        need(jcs(self.entry) == jcs(expected), 3)

    def check_ballots(self, _trust):
        check_ballots(self.predicate)

    def check_tally(self, _trust):
        need(self.predicate["engine"] == {"name": "conclave/consensus-core", "version": "1"}, 4)
        stated = {name: self.predicate[name] for name in ("outcome", "phase", "tally")}
        need(jcs(recount(self.predicate)) == jcs(stated), 4)

    def check_policy(self, trust):
        if trust is None:
            return
        predicate, pinned = self.predicate, trust["voters"]
        for one in predicate["electorate"]:
            need(pinned is None or pinned.get(one["voterId"], one["publicKey"]) == one["publicKey"], 5)
        shown = {
            "outcome": predicate["outcome"]["status"],
            "panelSha256": predicate.get("policy", {}).get("panelSha256"),
            "origin": predicate["origin"],
            "repository": predicate.get("subject", {}).get("repository"),
        }
        need(all(shown[name] == demanded for name, demanded in trust["require"].items()), 9)
        counted = {one["voterId"] for one in predicate["ballots"] if one["status"] == "counted"}
        outside = [
            one
            for one in predicate["electorate"]
            if one["voterId"] in counted and one["custody"] != "platform" and one["voterId"] in (pinned or {})
        ]
        need(len(outside) >= trust["custody"], 9)


STEPS = ("signature", "subject", "checkpoint", "witnesses", "inclusion", "entry", "ballots", "tally", "policy")


def verify(data, trust):
    """The exit code, and the step that failed."""
    step = "parse"
    try:
        receipt = Receipt(data)
        for step in STEPS:
            getattr(receipt, f"check_{step}")(trust)
    except Malformed:
        return 6, step
    except Failed as failure:
        return failure.code, step
    return (7 if trust is None else 0), None


def main(words):
    if words[:1] == ["--batch"]:
        for request in sys.stdin:
            asked = json.loads(request)
            trust = None if asked["trust"] is None else read_trust(Path(asked["trust"]).read_bytes())
            code, step = verify(Path(asked["receipt"]).read_bytes(), trust)
            print(json.dumps({"exitCode": code, "step": step}))
        return 0
    if words[:1] == ["--manifest"]:
        folder, wrong = Path(words[1]), 0
        receipts = json.loads((folder / "manifest.json").read_bytes())["receipts"]
        for one in receipts:
            trust = None if one["trust"] is None else read_trust((folder / one["trust"]).read_bytes())
            found = verify((folder / one["file"]).read_bytes(), trust)
            if found != (one["exitCode"], one["step"]):
                wrong += 1
                print(one["file"], "expected", one["exitCode"], one["step"], "found", *found)
        print(f"{len(receipts) - wrong} of {len(receipts)} vectors agree")
        return 1 if wrong else 0
    trust = read_trust(Path(words[1]).read_bytes()) if len(words) > 1 else None
    code, step = verify(Path(words[0]).read_bytes(), trust)
    print(f"failed at {step}" if step else "nothing is wrong with it" if trust else "consistent, untrusted")
    return code


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    sys.exit(main(sys.argv[1:]))
