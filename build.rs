//! Tells the linker where libtorch lies at run time, which program does without it, and to export the symbol that MKL asks
//! for its code path.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-changed=build.rs");
    let libtorch = env::var("LIBTORCH").unwrap_or_else(|_| ".libtorch".into());
    let lib = Path::new(&libtorch).join("lib");
    if !lib.join("libtorch_cpu.so").exists() {
        println!(
            "cargo:warning=no libtorch under {}: run `make libtorch`, or set LIBTORCH to a libtorch 2.11.0",
            lib.display()
        );
    }
    // Where it lies now; and where it lies from target/release, so that the folder can be moved.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/../../.libtorch/lib");
    println!("cargo:rustc-link-arg=-Wl,--export-dynamic-symbol=mkl_serv_intel_cpu_true");
    if links_by_lld() {
        // `ablate` never calls libtorch (`train::link_libtorch`), but the constructors of its wrapper would still have it
        // loaded. So the wrapper is kept from the linker, which refuses to link should anything call it after all.
        println!("cargo:rustc-link-arg-bin=ablate=-Wl,--remap-inputs=*/libtorch_sys-*.rlib=/dev/null");
    }
}

/// Whether the linker is lld, as it is unless somebody chose another. Without it, `ablate` is linked to libtorch as
/// `ablate-libtorch` is, and begins as slowly.
fn links_by_lld() -> bool {
    let chosen = env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    let linker = env::var_os("RUSTC_LINKER").is_some();
    env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu") && !chosen && !linker
}
