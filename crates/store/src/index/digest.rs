//! A digest over the rows of the index that can follow each change: the sum, modulo 2^256, of the rows' hashes.
//!
//! It finds rot and forgotten rows. It proves nothing against someone who chooses rows, which the checkpoint does.

use std::collections::HashMap;

use concord_ledger::hash::{Hash, sha256};

/// The digest, and what each row adds to it.
#[derive(Debug, Default)]
pub(crate) struct RowsDigest {
    total: [u64; 4],
    rows: HashMap<[u8; 16], Hash>,
}

impl RowsDigest {
    /// Takes a row that may replace an earlier one.
    pub(crate) fn set(&mut self, table: &str, id: &str, bytes: &[u8]) {
        let new = row_hash(table, id, bytes);
        if let Some(old) = self.rows.insert(row_key(table, id), new) {
            self.subtract(&old);
        }
        self.add(&new);
    }

    /// Takes a row that is written once and never replaced, and need not be remembered.
    pub(crate) fn add_once(&mut self, table: &str, id: &[u8], bytes: &[u8]) {
        self.add(&row_hash_bytes(table, id, bytes));
    }

    /// The digest, little-endian.
    pub(crate) fn value(&self) -> Hash {
        let mut value = [0; 32];
        for (out, limb) in value.chunks_exact_mut(8).zip(self.total) {
            out.copy_from_slice(&limb.to_le_bytes());
        }
        value
    }

    fn add(&mut self, hash: &Hash) {
        let mut carry = false;
        for (limb, add) in self.total.iter_mut().zip(limbs(hash)) {
            let (sum, over) = limb.overflowing_add(add);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || over_again);
        }
    }

    fn subtract(&mut self, hash: &Hash) {
        let mut borrow = false;
        for (limb, subtract) in self.total.iter_mut().zip(limbs(hash)) {
            let (rest, under) = limb.overflowing_sub(subtract);
            let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (rest, under || under_again);
        }
    }
}

fn limbs(hash: &Hash) -> impl Iterator<Item = u64> + '_ {
    hash.chunks_exact(8).filter_map(|chunk| chunk.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)))
}

/// SHA-256 over the lengths (eight bytes, little-endian) of table and id, then table, id and bytes.
fn row_hash(table: &str, id: &str, bytes: &[u8]) -> Hash {
    row_hash_bytes(table, id.as_bytes(), bytes)
}

fn row_hash_bytes(table: &str, id: &[u8], bytes: &[u8]) -> Hash {
    let lengths = [(table.len() as u64).to_le_bytes(), (id.len() as u64).to_le_bytes()].concat();
    sha256(&[&lengths, table.as_bytes(), id, bytes])
}

/// Half of a SHA-256 is enough to tell rows apart and halves the memory for their names.
fn row_key(table: &str, id: &str) -> [u8; 16] {
    let hash = row_hash(table, id, b"");
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_digest_depends_on_the_rows_and_not_on_the_way_to_them(
            rows in proptest::collection::vec(("[ab]{1,2}", "[0-9]{1,2}", any::<u8>()), 1..30)
        ) {
            let mut one = RowsDigest::default();
            let mut last = HashMap::new();
            for (table, id, byte) in &rows {
                one.set(table, id, &[*byte]);
                last.insert((table.clone(), id.clone()), *byte);
            }
            let mut other = RowsDigest::default();
            for ((table, id), byte) in &last {
                other.set(table, id, &[*byte]);
            }
            prop_assert_eq!(one.value(), other.value());
            let ((table, id), byte) = last.iter().next().unwrap();
            other.set(table, id, &[byte ^ 1]);
            prop_assert_ne!(one.value(), other.value());
        }
    }
}
