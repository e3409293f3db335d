//! Ways to forge a signature, each over a message that its key did sign or might have signed.
//!
//! Those with small-order points and with S at or above L are made by the holder of the key, so that they satisfy the
//! equation of a verifier that is not strict: a forgery that nobody would take shows nothing.

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use sha2::{Digest as _, Sha512};

/// The order of the group, little-endian (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgery {
    Mutated,
    Reencoded,
    Confused,
    SmallOrder,
    HighScalar,
}

impl Forgery {
    pub(super) const KINDS: [Self; 5] =
        [Self::Mutated, Self::Reencoded, Self::Confused, Self::SmallOrder, Self::HighScalar];

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Mutated => "mutated",
            Self::Reencoded => "encoded again",
            Self::Confused => "signed as something else",
            Self::SmallOrder => "with small-order points",
            Self::HighScalar => "with S at or above L",
        }
    }
}

/// The same signature with L added to S so many times, of which 14 fit into 32 bytes.
pub(super) fn with_high_scalar(signature: &[u8; 64], times: u8) -> [u8; 64] {
    let mut forged = *signature;
    for _ in 0..times {
        let mut carry = 0_u16;
        for (byte, add) in forged.iter_mut().skip(32).zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
    }
    forged
}

/// A signature by the key of `seed` whose R is a small-order point, or an honest one with a small-order part.
pub(super) fn with_small_order(seed: &[u8; 32], message: &[u8], dice: &mut fastrand::Rng) -> [u8; 64] {
    let (secret, _) = split(&Sha512::digest(seed).into());
    let secret = Scalar::from_bytes_mod_order(clamp_integer(secret));
    let public = EdwardsPoint::mul_base(&secret).compress();
    let (nonce, point) = if dice.bool() {
        (Scalar::ZERO, *dice.choice(EIGHT_TORSION.iter()).unwrap_or(&EIGHT_TORSION[0]))
    } else {
        let nonce = Scalar::from(dice.u64(1..));
        // The first has order 1, which would leave the signature honest.
        let torsion = dice.choice(EIGHT_TORSION.iter().skip(1)).unwrap_or(&EIGHT_TORSION[1]);
        (nonce, EdwardsPoint::mul_base(&nonce) + torsion)
    };
    let point = point.compress();
    let scalar = nonce + challenge(&point, &public, message) * secret;
    joined(point.as_bytes(), scalar.as_bytes())
}

/// Whether a signature satisfies the equation of a verifier that multiplies by the cofactor and reduces S.
pub(super) fn convinces_the_lenient(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (point, scalar) = split(signature);
    let (point, public) = (CompressedEdwardsY(point), CompressedEdwardsY(*public));
    let (Some(r), Some(a)) = (point.decompress(), public.decompress()) else { return false };
    let challenge = challenge(&point, &public, message);
    let base = EdwardsPoint::mul_base(&Scalar::from_bytes_mod_order(scalar));
    (base - a * challenge - r).is_small_order()
}

fn split(bytes: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let mut halves = ([0; 32], [0; 32]);
    let (first, second) = bytes.split_at(32);
    halves.0.copy_from_slice(first);
    halves.1.copy_from_slice(second);
    halves
}

fn joined(first: &[u8; 32], second: &[u8; 32]) -> [u8; 64] {
    let mut bytes = [0; 64];
    let (one, other) = bytes.split_at_mut(32);
    one.copy_from_slice(first);
    other.copy_from_slice(second);
    bytes
}

fn challenge(point: &CompressedEdwardsY, public: &CompressedEdwardsY, message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(point.as_bytes()).chain_update(public.as_bytes());
    Scalar::from_bytes_mod_order_wide(&hash.chain_update(message).finalize().into())
}
