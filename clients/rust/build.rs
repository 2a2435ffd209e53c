//! Generates the API's messages and stubs from its protos, by protoc.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where Debian's golang-github-gogo-googleapis-dev has google/api.
const GOOGLEAPIS: &str = "/usr/share/gocode/src/github.com/gogo/googleapis";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let googleapis = env::var("GOOGLEAPIS_DIR").unwrap_or(GOOGLEAPIS.into());
    println!("cargo::rerun-if-env-changed=GOOGLEAPIS_DIR");
    if !Path::new(&googleapis).join("google/api/annotations.proto").exists() {
        return Err(
            "google/api/annotations.proto is missing: install golang-github-gogo-googleapis-dev, or set GOOGLEAPIS_DIR"
                .into(),
        );
    }
    let mut protos = Vec::<PathBuf>::new();
    for entry in fs::read_dir(root.join("portolan/v1"))? {
        protos.push(entry?.path());
    }
    protos.sort();
    tonic_prost_build::configure().build_server(false).compile_protos(&protos, &[root, googleapis.into()])?;
    Ok(())
}
