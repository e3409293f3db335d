"""A second implementation of the formats of docs/formats/entry.md, written from that document alone.

Reads lines of JSON from standard input, {"kind": "receipt" | "ledger" | "consistency", "text": ...}, and writes for each
"yes", or "no: " and the first thing wrong. Arguments: the ledger's origin and its public key in hexadecimal.
"""

import base64
import binascii
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
# The y of every point whose order divides 8.
SMALL_ORDER = {
    0,
    1,
    PRIME - 1,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
}
NOTE_BYTES_MAX = 16 * 1024
PROOF_HASHES_MAX = 64
HEADER = ["accord", "service", "sequence", "kind", "actor", "participant", "request_id", "request_digest", "time",
          "previous", "parts"]
ZERO = "0" * 64


class Wrong(Exception):
    """The first thing that does not hold."""


def require(holds, what):
    if not holds:
        raise Wrong(what)


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def leaf_hash(header):
    return sha256(b"\x00", header)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def unbase64(text):
    require(isinstance(text, str), "base64 expected")
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong("not base64") from error
    require(base64.b64encode(decoded).decode() == text, "not base64 as it is written")
    return decoded


def unhex(text, length):
    require(isinstance(text, str) and len(text) == 2 * length and set(text) <= set("0123456789abcdef"), "not hexadecimal")
    return bytes.fromhex(text)


def lower(text):
    require(isinstance(text, str) and text.isascii(), "text expected")
    return text.lower()


def whole(number):
    require(isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**64, "not a number")
    return number


def fields(value, names, what):
    require(isinstance(value, dict) and sorted(value) == sorted(names), f"{what}: other fields than the format's")
    return value


def once(pairs):
    require(len({name for name, _ in pairs}) == len(pairs), "a repeated field")
    return dict(pairs)


def read_json(text):
    try:
        return json.loads(text, object_pairs_hook=once)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Wrong("not JSON") from error


def small_order(encoded):
    """Whether a point's y is one of those whose points have an order of 1, 2, 4 or 8."""
    return (int.from_bytes(encoded, "little") & ((1 << 255) - 1)) % PRIME in SMALL_ORDER


class Log:
    """What verifies the notes of one ledger."""

    def __init__(self, origin, key):
        self.origin, self.key = origin, key
        self.key_id = sha256(origin.encode(), b"\n\x01", key)[:4]

    def holds(self, message, signature):
        """Strict verification: S below L, neither key nor R of small order."""
        if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ORDER:
            return False
        if small_order(self.key) or small_order(signature[:32]):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def checkpoint(self, note):
        """Size and root of a note, whose signature is verified before its text is read."""
        require(isinstance(note, str) and len(note.encode()) <= NOTE_BYTES_MAX, "checkpoint: not a signed note")
        text, gap, signatures = note.rpartition("\n\n")
        require(gap and signatures.endswith("\n"), "checkpoint: not a signed note")
        text += "\n"
        own = []
        for line in signatures[:-1].split("\n"):
            require(line.startswith("\u2014 ") and line.count(" ") == 2, "checkpoint: not a signature line")
            _, name, value = line.split(" ")
            value = unbase64(value)
            require(len(value) >= 4, "checkpoint: not a signature line")
            if name == self.origin and value[:4] == self.key_id:
                own.append(value[4:])
        require(len(own) == 1, "checkpoint: not one signature of the log")
        require(self.holds(text.encode(), own[0]), "checkpoint: the signature does not verify")
        lines = text.split("\n")
        require(len(lines) == 4 and lines[3] == "", "checkpoint: not three lines")
        require(lines[0] == self.origin, "checkpoint: of another ledger")
        require(lines[1].isascii() and lines[1].isdigit() and str(int(lines[1])) == lines[1], "checkpoint: size")
        root = unbase64(lines[2])
        require(len(root) == 32, "checkpoint: root")
        return int(lines[1]), root

    def entry(self, header, parts, index, previous=None):
        """Checks a header and the parts that are present."""
        read = fields(read_json(header), HEADER, "header")
        texts = [name for name in HEADER if name not in ("sequence", "parts")]
        require(all(isinstance(read[name], str) for name in texts), "header: text expected")
        require(f"{read['accord']}/{read['service']}" == self.origin, "header: of another ledger")
        require(whole(read["sequence"]) == index, "header: of another index")
        unhex(read["previous"], 32)
        require(previous is None or read["previous"] == previous, "header: does not name the entry before it")
        named = {}
        require(isinstance(read["parts"], list) and isinstance(parts, list), "a list of parts expected")
        for part in read["parts"]:
            fields(part, ["name", "audience", "commitment"], "header part")
            require(part["name"] not in named, "header: two parts of one name")
            named[part["name"]] = unhex(part["commitment"], 32)
        seen = set()
        for part in parts:
            fields(part, ["name", "salt", "bytes"], "part")
            name, salt, content = part["name"], unhex(lower(part["salt"]), 16), unbase64(part["bytes"])
            require(name in named and name not in seen, "part: unnamed or repeated")
            seen.add(name)
            commitment = sha256(b"concord-part/1\x00", salt, content)
            require(commitment == named[name], "part: not what the header commits to")

    def receipt(self, text):
        names = ["format", "origin", "index", "header", "parts", "inclusion_proof", "checkpoint"]
        receipt = fields(read_json(text), names, "receipt")
        require(receipt["format"] == "concord-receipt/1", "receipt: of another format")
        size, root = self.checkpoint(receipt["checkpoint"])
        require(receipt["origin"] == self.origin, "receipt: of another ledger")
        header, index = unbase64(receipt["header"]), whole(receipt["index"])
        require(inclusion_root(leaf_hash(header), index, size, hashes(receipt["inclusion_proof"])) == root, "inclusion")
        self.entry(header, receipt["parts"], index)

    def consistency(self, text):
        proof = fields(read_json(text), ["smaller", "larger", "consistency_proof"], "proof")
        old, old_root = self.checkpoint(proof["smaller"])
        new, new_root = self.checkpoint(proof["larger"])
        require(0 < old <= new, "consistency: sizes")
        found = consistency_roots(old, old_root, new, hashes(proof["consistency_proof"]))
        require(found == (old_root, new_root), "consistency: the proof leads elsewhere")

    def ledger(self, text):
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        require(lines, "ledger: empty")
        head = fields(read_json(lines[0]), ["format", "origin"], "first line")
        require(head == {"format": "concord-ledger/1", "origin": self.origin}, "first line: of another ledger")
        leaves, previous = [], ZERO
        for line in lines[1:]:
            group = fields(read_json(line), ["entries", "trailer"], "group")
            trailer = fields(group["trailer"], ["size", "root", "checkpoint"], "trailer")
            size, root = self.checkpoint(trailer["checkpoint"])
            require(whole(trailer["size"]) == size and unhex(trailer["root"], 32) == root, "trailer: another checkpoint")
            require(isinstance(group["entries"], list) and group["entries"], "group: no entries")
            for entry in group["entries"]:
                fields(entry, ["header", "parts"], "entry")
                header = unbase64(entry["header"])
                self.entry(header, entry["parts"], len(leaves), previous)
                leaves.append(leaf_hash(header))
                previous = leaves[-1].hex()
            require(len(leaves) == size and tree_root(leaves) == root, "group: leads to another root")


def hashes(values):
    require(isinstance(values, list) and len(values) <= PROOF_HASHES_MAX, "a list of hashes expected")
    return [unhex(value, 32) for value in values]


def tree_root(leaves):
    """RFC 9162 section 2.1.1."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_root(leaves[:left]), tree_root(leaves[left:]))


def inclusion_root(leaf, index, size, proof):
    """RFC 9162 section 2.1.3.2."""
    require(index < size, "inclusion: beyond the tree")
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        require(last > 0, "inclusion: too many hashes")
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    require(last == 0, "inclusion: too few hashes")
    return found


def consistency_roots(old, old_root, new, proof):
    """RFC 9162 section 2.1.4.2: the roots of both trees to which the proof leads."""
    if old == new:
        require(not proof, "consistency: hashes between equal sizes")
        return old_root, old_root
    if old & (old - 1) == 0:
        proof = [old_root, *proof]
    require(proof, "consistency: too few hashes")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    from_old = from_new = proof[0]
    for sibling in proof[1:]:
        require(last > 0, "consistency: too many hashes")
        if position & 1 or position == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        position, last = position >> 1, last >> 1
    require(last == 0, "consistency: too few hashes")
    return from_old, from_new


def main():
    log = Log(sys.argv[1], bytes.fromhex(sys.argv[2]))
    kinds = {"receipt": log.receipt, "consistency": log.consistency, "ledger": log.ledger}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            kinds[asked["kind"]](asked["text"])
            print("yes")
        except Wrong as wrong:
            print(f"no: {wrong}")


if __name__ == "__main__":
    main()
