# What is worth the race detector: the packages that start goroutines or share memory between them.
RACE_PACKAGES ?= ./inventory/... ./adapters/live ./adapters/memory/... ./adapters/postgres/... ./adapters/kafka ./adapters/redis \
	./adapters/fakes/... ./sim ./sim/clients ./sim/observe ./cmd/sim
export RACE_PACKAGES

.PHONY: help build run test lint bench schedules crosscheck soak prove

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/sim, the workbench
	go build -o bin/sim ./cmd/sim

run: build ## the tour: 10 000 orders through the real clients, a design explored until it breaks, a scope of ledger searched whole
	@scripts/tour.sh

test: ## every test, against real PostgreSQL 15 and Redis 7 too; as root on Debian installs them when missing
	@scripts/ensure-packages.sh
	@scripts/test.sh

lint: ## gofmt, go vet, staticcheck, and nothing that neither a program nor a test reaches
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./... ./testdata/scenarios
	go tool staticcheck ./... ./testdata/scenarios
	@dead=$$(go tool deadcode -test ./... ./testdata/scenarios); if [ -n "$$dead" ]; then echo "unreachable:"; echo "$$dead"; exit 1; fi

bench: ## every benchmark, best of 3, as a table with ratios to the baselines
	@scripts/bench.sh

schedules: ## the recorded failures replayed; TRY=10000 random schedules of each under the designs that hold, noted in checked.txt
	go test ./sim/explore -run '^TestRecorded' -recorded-try $(or $(TRY),10000) -timeout 24h -v

soak: build ## an hour of random exploration of ledger (SOAK=SECONDS), written to testdata/soak.txt
	@scripts/soak.sh

HISTORIES ?= 100000
SEED ?= 1
crosscheck: ## HISTORIES random small histories of each method judged beside porcupine; the counts in testdata/crosscheck.txt
	go test ./checks/linear -run '^TestEveryMethodAgreesWithPorcupine$$' -histories $(HISTORIES) -seed $(SEED) \
		-record $(CURDIR)/testdata/crosscheck.txt -timeout 24h -v

prove: build ## every scope of the exhaustive search closed (PROVE=SECONDS, an hour), written to testdata/proofs.md
	@scripts/prove.sh
