//! Tells the linker where libtorch lies at run time, which program does without it, and to export the symbol that MKL asks
//! for its code path.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-changed=build.rs");
    say_what_is_built();
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

/// Tells the program what it is built from, for the provenance of its runs: commit, whether the sources differ from it, and
/// the compiler. Without a history it does not know.
fn say_what_is_built() {
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    let git = |arguments: &[&str]| output("git", arguments);
    let compiler = env::var("RUSTC").ok().and_then(|rustc| output(&rustc, &["--version"]));
    println!("cargo:rustc-env=ABLATE_COMPILER={}", compiler.unwrap_or_default());
    println!("cargo:rustc-env=ABLATE_TARGET={}", env::var("TARGET").unwrap_or_default());
    let sources = ["src", "Cargo.toml", "Cargo.lock", "build.rs"];
    // A package that lies in somebody else's repository is not of that one.
    let own = env::var("CARGO_MANIFEST_DIR").ok();
    if let (Some(commit), true) = (git(&["rev-parse", "HEAD"]), git(&["rev-parse", "--show-toplevel"]) == own) {
        let modified =
            git(&[&["status", "--porcelain", "--"], &sources[..]].concat()).is_none_or(|list| !list.is_empty());
        println!("cargo:rustc-env=ABLATE_COMMIT={commit}");
        println!("cargo:rustc-env=ABLATE_MODIFIED={modified}");
        let reference = git(&["symbolic-ref", "-q", "HEAD"]).unwrap_or_default();
        for name in ["HEAD", &reference, "packed-refs"].into_iter().filter(|name| !name.is_empty()) {
            // A file that is not there would have the script run at every build.
            if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
                println!("cargo:rerun-if-changed={path}");
            }
        }
    }
    sources.iter().for_each(|source| println!("cargo:rerun-if-changed={source}"));
}

/// Whether the linker is lld, as it is unless somebody chose another. Without it, `ablate` is linked to libtorch as
/// `ablate-libtorch` is, and begins as slowly.
fn links_by_lld() -> bool {
    let chosen = env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    let linker = env::var_os("RUSTC_LINKER").is_some();
    env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu") && !chosen && !linker
}
