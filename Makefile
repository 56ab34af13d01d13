# make run: set up, build, start the bank. make test: set up, lint, build, test.
CONFIGURATION ?= debug
BANK = .build/$(CONFIGURATION)/bank
# Options of "bank up", such as UP="--port-offset 100".
UP ?=

# N load tests, each on a fresh bank, a file each: docs/load-test.md. LOAD: options of "bank load-test".
N ?= 10
PROFILE ?= compare
NAME ?= $(PROFILE)
LOAD ?=

.PHONY: run test test-faults test-long clean-temporary registry-peer lint build setup setup-test bench bench-codec \
  bench-codec-debug bench-subscribers bench-handler bench-idle loop variants clean

run: setup
	swift build -c $(CONFIGURATION) --product bank
	@exec $(BANK) up $(UP)

# TMPDIR: what the tests start works below the checkout, so that scripts/leftovers can find what they left.
test: export TMPDIR = $(CURDIR)/.build/tmp
test: clean-temporary setup-test lint
	swift build --build-tests
	scripts/dependencies
	scripts/run-tests
	@scripts/leftovers

# What dies, comes twice or lies, with the figures of docs/reliability.md, and one table at the end. FAULT_SEED repeats
# what a run drew at random.
test-faults: export TMPDIR = $(CURDIR)/.build/tmp
test-faults: export BANK_TEST_FAULTS = 1
test-faults: export BANK_FAULT_TABLE = $(CURDIR)/.build/fault-table.jsonl
test-faults: clean-temporary setup-test
	@rm -f $(BANK_FAULT_TABLE)
	swift build --build-tests
	@status=0; scripts/run-tests faults || status=1; \
	scripts/fault-table $(BANK_FAULT_TABLE) || status=1; scripts/leftovers || status=1; exit $$status

clean-temporary:
	@rm -rf .build/tmp && mkdir -p .build/tmp

# Long faults and what is heavy (those tests look at BANK_TEST_LONG), and each fuzz target for FUZZ_SECONDS.
FUZZ_SECONDS ?= 120
test-long: export BANK_TEST_LONG = 1
test-long: registry-peer test
	scripts/fuzz $(FUZZ_SECONDS)

# Confluent's Java client, for the registry's test.
registry-peer: setup-test
	@scripts/registry-peer

lint:
	swift format lint --strict --recursive .

build: setup
	swift build -c $(CONFIGURATION)

setup:
	@scripts/setup

setup-test:
	@scripts/setup test

# All benchmarks that there are.
bench: bench-codec bench-subscribers bench-handler bench-idle

# Generated code against hand-written C and other libraries; exits 1 where a gate does not hold. Benchmarks/README.md
# tells how to read the tables. BENCH: options of codec-bench, such as BENCH="--rounds 10 --cases cmt,wide".
BENCH ?=
bench-codec: setup-test
	Benchmarks/scripts/peers --java
	swift build -c release --package-path Benchmarks
	cd Benchmarks && .build/release/codec-bench $(BENCH)

# The same with the gates of debug mode, which need a debug build too.
bench-codec-debug: setup-test
	Benchmarks/scripts/peers --java
	swift build -c release --package-path Benchmarks
	swift build -c debug --package-path Benchmarks --product swift-peer
	cd Benchmarks && .build/release/codec-bench --debug $(BENCH)

# The endpoint with a thousand subscribers and more, beside a peer in Python.
bench-subscribers: setup-test
	swift build -c release --product bank
	swift build -c release --package-path Benchmarks --product subscriber-bench
	cd Benchmarks && .build/release/subscriber-bench $(BENCH)

# The command handler beside pgbench on the same cluster, without Kafka and with it.
bench-handler: setup-test
	swift build -c release --product bank
	swift build -c release --package-path Benchmarks --product handler-bench
	cd Benchmarks && .build/release/handler-bench $(BENCH)

# What a bank costs that has nothing to do.
bench-idle: setup-test
	swift build -c release --product bank
	swift build -c release --package-path Benchmarks --product handler-bench
	cd Benchmarks && .build/release/handler-bench idle $(BENCH)

loop: setup
	swift build -c release --product bank
	scripts/loop .build/release/bank "$(N)" "$(PROFILE)" "$(NAME)" $(LOAD)

# As "make loop PROFILE=compare" for each variant of docs/variants.md, in turn.
variants: setup
	swift build -c release --product bank
	scripts/variants .build/release/bank "$(N)"

# The bank's own state (accounts, topics) goes by "bank clean".
clean:
	rm -rf .build .venv .tools
