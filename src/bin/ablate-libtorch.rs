//! The command line with libtorch: what `ablate` goes over to where it is asked to train on a GPU.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ablate::train::link_libtorch();
    ablate::cli::main()
}
