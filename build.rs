//! Tells the linker where libtorch lies at run time, and exports the symbol that MKL asks for its code path.

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
}
