//! Compiles the contract in `proto/` without protoc, and keeps its descriptors for reflection.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn proto_files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            proto_files(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            found.push(path);
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto").canonicalize()?;
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    proto_files(&root.join("concord"), &mut files)?;
    files.push(root.join("google/rpc/error_details.proto"));
    files.push(root.join("google/rpc/status.proto"));
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let descriptors = compiler.file_descriptor_set();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    tonic_prost_build::configure()
        .bytes(".")
        .btree_map(".")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .include_file("contract.rs")
        .compile_fds(descriptors)?;
    Ok(())
}
