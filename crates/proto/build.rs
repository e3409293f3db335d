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

/// `Mutation` for every message that carries a `request_id`.
fn mutations(descriptors: &prost_types::FileDescriptorSet) -> String {
    let mut code = String::new();
    for file in &descriptors.file {
        let Some(package) = file.package().strip_prefix("concord.") else { continue };
        for message in &file.message_type {
            let has = |field: &str| message.field.iter().any(|found| found.name() == field);
            if has("request_id") {
                let path = package.replace('.', "::");
                let dry = if has("validate_only") { "self.validate_only" } else { "false" };
                code += &format!(
                    "impl Mutation for pb::{path}::{} {{ fn request_id(&self) -> &str {{ &self.request_id }} \
                     fn validate_only(&self) -> bool {{ {dry} }} }}\n",
                    message.name()
                );
            }
        }
    }
    code
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
    fs::write(out.join("mutations.rs"), mutations(&descriptors))?;

    tonic_prost_build::configure()
        .bytes(".")
        .btree_map(".")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .include_file("contract.rs")
        .compile_fds(descriptors)?;
    Ok(())
}
