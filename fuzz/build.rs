//! Keeps libtorch out of programs that never call it, as Ablate's own build script does.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-Wl,--remap-inputs=*/libtorch_sys-*.rlib=/dev/null");
}
