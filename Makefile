# `make` lists the targets.

PYTHON ?= python3
SWEEP ?= sweeps/why-squares.yaml
CARGO ?= cargo
# `make run` trains into folders of its own, so that the results and the report that come with the repository stay.
OUT ?= out
# What cargo says that it built, the name of the benchmark's program among it.
BENCH_LIST ?= target/bench.json
# How long each target of `make fuzz` is fed.
FUZZ_SECONDS ?= 600
export PYTHON

.PHONY: help run report build test test-portable test-slurm lint bench fuzz libtorch cuda

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## train the founding sweep into out/, then render its report
	target/release/ablate run $(SWEEP) --results $(OUT)/results --reports $(OUT)/reports

report: build ## render the founding sweep's report again from the results that come with it
	target/release/ablate report results/$(basename $(notdir $(SWEEP)))

build: libtorch ## build target/release/ablate
	$(CARGO) build --release --locked

test: libtorch .venv/made ## run all tests
	ABLATE_PYTHON="$(CURDIR)/.venv/bin/python" $(CARGO) test --release --locked

test-portable: libtorch ## the same bits on emulated processors of other models (needs QEMU: apt install qemu-user)
	$(CARGO) test --release --locked --test portable -- --ignored --nocapture on_other_processors

test-slurm: libtorch ## a sweep on a real Slurm of this machine (installs slurm-wlm and munge where root may)
	@sh setup/slurm.sh
	$(CARGO) test --release --locked --test slurm -- --ignored --nocapture --test-threads=1

lint: libtorch ## formatting, clippy, and cargo-deny where it is installed
	$(CARGO) fmt --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then \
		$(CARGO) deny --locked check bans licenses sources; \
	else \
		echo "cargo-deny is not installed: licences, bans and sources were not checked"; \
	fi

libtorch: ## fetch libtorch into .libtorch (once)
	@$(PYTHON) setup/libtorch.py

bench: libtorch ## the speed of training beside PyTorch, JAX and Keras, and of whole sweeps
	@mkdir -p $(dir $(BENCH_LIST))
	$(CARGO) build --release --locked --bench speed --message-format=json-render-diagnostics >$(BENCH_LIST)
	sh benches/peers/install.sh $(PYTHON)
	$(PYTHON) benches/bench.py $(BENCH_LIST) benches/peers/.venv/bin/python
	$(CARGO) build --release --locked
	$(PYTHON) benches/sweeps.py target/release/ablate benches/peers/.venv/bin/python

fuzz: libtorch ## ten minutes of guided bytes for each of what is read: sweep files, journals, manifests
	RUSTC_WORKSPACE_WRAPPER="$(CURDIR)/fuzz/rustc.sh" $(CARGO) build --release --locked --package ablate-fuzz
	@for target in sweep:sweeps journal:fuzz/seeds/journal manifest:fuzz/seeds/manifest; do \
		name=$${target%%:*}; mkdir -p target/fuzz/$$name; \
		target/release/fuzz-$$name target/fuzz/$$name $${target#*:} -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
			-rss_limit_mb=4096 -max_len=20000 -artifact_prefix=target/fuzz/ -print_final_stats=1 || exit 1; \
	done

cuda: ## fetch the CUDA libraries as well, for NVIDIA GPUs (once)
	@$(PYTHON) setup/libtorch.py --cuda

.venv/made: setup/test-tools.txt setup/test-tools.sh
	@sh setup/test-tools.sh
