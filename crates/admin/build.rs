//! The UI's pages are built into this crate: it is built anew when they are.

fn main() {
    // The folder is there, with a README.md, whether or not somebody built the pages: cargo would come back every time
    // for one that is missing.
    println!("cargo::rerun-if-changed=../../web/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
