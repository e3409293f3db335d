//! The tree against the published vectors of RFC 6962 implementations, against a second implementation by the
//! definition, and against mutated proofs.

use super::*;
use crate::hash::{from_hex, leaf, to_hex};
use crate::proof::{verify_consistency, verify_inclusion};

/// The eight leaves that Certificate Transparency's own tests use.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// Their published roots at sizes 1 to 8.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn published() -> Tree {
    let mut tree = Tree::new();
    for text in LEAVES {
        tree.append(leaf(&hex::decode(text).unwrap()));
    }
    tree
}

fn numbered(size: u64) -> Tree {
    let mut tree = Tree::new();
    for index in 0..size {
        tree.append(leaf(&index.to_be_bytes()));
    }
    tree
}

/// MTH by the text of RFC 6962 §2.1, with nothing remembered.
fn definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len() as u64) as usize);
            node(&definition(left), &definition(right))
        }
    }
}

#[test]
fn the_empty_root_is_the_published_one() {
    let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(to_hex(&Tree::new().root()), expected);
}

#[test]
fn roots_are_the_published_ones_at_every_size() {
    let tree = published();
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(tree.root_at(size), from_hex(root), "size {size}");
    }
}

#[test]
fn proofs_are_the_published_ones() {
    let tree = published();
    let hashes = |texts: &[&str]| texts.iter().map(|t| from_hex(t).unwrap()).collect::<Vec<_>>();
    assert_eq!(
        tree.inclusion_proof(0, 8).unwrap(),
        hashes(&[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ])
    );
    assert_eq!(
        tree.consistency_proof(6, 8).unwrap(),
        hashes(&[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
}

#[test]
fn roots_agree_with_the_definition() {
    let tree = numbered(70);
    let leaves: Vec<Hash> = (0..70u64).map(|index| leaf(&index.to_be_bytes())).collect();
    for size in 0..=70 {
        assert_eq!(tree.root_at(size), Some(definition(&leaves[..size as usize])), "size {size}");
    }
    assert_eq!(tree.root_at(71), None);
}

/// The root of a tree by its tiles alone, at a size.
fn root_by_tiles(tree: &Tree, size: u64) -> Hash {
    let mut right_edge = Vec::new();
    for level in 0u32.. {
        let width_of_hash = TILE_WIDTH.pow(level);
        let complete = size / width_of_hash;
        if complete == 0 {
            break;
        }
        let (full, rest) = (complete / TILE_WIDTH, complete % TILE_WIDTH);
        for index in 0..full {
            let tile = tree.tile(level, index, TILE_WIDTH, size).unwrap();
            assert_eq!(tile.len() as u64, TILE_WIDTH);
            let above = tree.tile(level + 1, index / TILE_WIDTH, index % TILE_WIDTH + 1, size).unwrap();
            assert_eq!(above.last(), Some(&definition(tile)), "level {level}, tile {index}");
        }
        if rest > 0 {
            right_edge.push(tree.tile(level, full, rest, size).unwrap().to_vec());
        }
        assert_eq!(tree.tile(level, full, rest + 1, size), None, "no hash beyond the tree");
    }
    // Each level's rest lies to the right of all that is above it.
    right_edge
        .into_iter()
        .fold(None, |right: Option<Hash>, rest| {
            let mut edge = Edge { subtrees: Vec::new() };
            rest.into_iter().for_each(|hash| edge.append(hash));
            let left = edge.subtrees.into_iter().rev().map(|(_, hash)| hash);
            right.into_iter().chain(left).reduce(|right, left| node(&left, &right))
        })
        .unwrap_or_else(empty_root)
}

#[test]
fn tiles_give_the_root_of_every_size_and_no_hash_beyond_it() {
    let tree = numbered(1_300);
    for size in (0..1_300).step_by(37).chain([1, 255, 256, 257, 511, 512, 513, 1_024, 1_300]) {
        assert_eq!(Some(root_by_tiles(&tree, size)), tree.root_at(size), "size {size}");
    }
    for (level, index, width) in [(0, 0, 0), (0, 0, 257), (0, u64::MAX, 1), (8, 0, 1), (u32::MAX, 0, 1)] {
        assert_eq!(tree.tile(level, index, width, 1_300), None, "{level} {index} {width}");
    }
}

#[test]
fn the_root_ahead_of_appending_is_the_root_after_it() {
    let whole = numbered(40);
    for size in 0..=40 {
        let tree = numbered(size);
        for more in size..=40 {
            let leaves = (size..more).map(|index| leaf(&index.to_be_bytes()));
            assert_eq!(Some(tree.root_after(leaves)), whole.root_at(more), "{size} + {}", more - size);
        }
    }
}

#[test]
fn every_inclusion_proof_verifies_and_no_mutated_one_does() {
    let tree = numbered(40);
    for size in 1..=40 {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let leaf = tree.leaf(index).unwrap();
            let proof = tree.inclusion_proof(index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
            for other in (0..=size).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf, other, size, &proof, &root).is_err());
            }
            for at in 0..proof.len() {
                let mut mutated = proof.clone();
                mutated[at][at % 32] ^= 1;
                assert!(verify_inclusion(&leaf, index, size, &mutated, &root).is_err());
                mutated.remove(at);
                assert!(verify_inclusion(&leaf, index, size, &mutated, &root).is_err());
            }
            let longer: Vec<Hash> = proof.iter().copied().chain([root]).collect();
            assert!(verify_inclusion(&leaf, index, size, &longer, &root).is_err());
        }
        assert_eq!(tree.inclusion_proof(size, size), None);
    }
}

#[test]
fn every_consistency_proof_verifies_and_no_mutated_one_does() {
    let tree = numbered(40);
    for new in 0..=40 {
        let new_root = tree.root_at(new).unwrap();
        for old in 0..=new {
            let old_root = tree.root_at(old).unwrap();
            let proof = tree.consistency_proof(old, new).unwrap();
            assert_eq!(verify_consistency(old, &old_root, new, &new_root, &proof), Ok(()));
            let mut forked = old_root;
            forked[0] ^= 1;
            assert!(verify_consistency(old, &forked, new, &new_root, &proof).is_err());
            for at in 0..proof.len() {
                let mut mutated = proof.clone();
                mutated[at][0] ^= 0x80;
                assert!(verify_consistency(old, &old_root, new, &new_root, &mutated).is_err());
            }
            let longer: Vec<Hash> = proof.iter().copied().chain([new_root]).collect();
            assert!(verify_consistency(old, &old_root, new, &new_root, &longer).is_err());
        }
    }
}
