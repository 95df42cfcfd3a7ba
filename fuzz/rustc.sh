#!/bin/sh
# Compiles Ablate and its fuzz targets so that libFuzzer sees which branches are taken and what is compared; all other
# crates stay as they are. Called by cargo: RUSTC_WORKSPACE_WRAPPER=fuzz/rustc.sh
case " $* " in
*" --crate-name build_script_"*) exec "$@" ;;
*" --crate-type "* | *" --crate-type="*)
	exec "$@" -C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4 \
		-C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table \
		-C llvm-args=-sanitizer-coverage-trace-compares -C overflow-checks=on -C debug-assertions=on
	;;
*) exec "$@" ;;
esac
