# Starling. `make` lists the targets.

GO  ?= go
NPM ?= npm
BIN := bin/starling
WEB := ui/web

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Packages whose tests draw many samples. With the race detector they draw fewer, so they run
# without it as well; and so does a test of a recording of 512 MiB.
ROUNDS := ./model/fidelity ./model/mixture ./model/session/identity ./replay/compare

# Programs of .ci, which ./... does not match.
CI_PROGRAMS := $(patsubst %/,./%,$(sort $(dir $(wildcard .ci/*/*.go))))

export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help tools build ui demo test race bench bench-peers fuzz lint e2e clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

tools: # check that what the build needs is here
	@.ci/prerequisites $(GO) node $(NPM) git

build: tools $(WEB)/dist/index.html $(BIN) ## build bin/starling with its web UI

$(BIN): FORCE
	@mkdir -p bin
	$(GO) build -trimpath -o $@ ./cmd/starling

ui: tools $(WEB)/dist/index.html ## build the web UI alone

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && $(NPM) ci --no-audit --no-fund
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/tsconfig.json -type f 2>/dev/null)
	cd $(WEB) && $(NPM) run --silent check && $(NPM) run --silent build
	@touch $@

demo: build ## record, learn, replay at 10x and compare on the built-in shop (UI=1 keeps the web UI up)
	$(BIN) demo --dir demo $(if $(UI),--keep)

test: build ## every test, with the race detector
	@test -x /usr/bin/chromium || echo 'SKIPPED: browser tests (no /usr/bin/chromium; on Debian: apt-get install chromium)'
	CGO_ENABLED=1 $(GO) test -race -timeout 15m ./...
	$(GO) test -timeout 15m $(ROUNDS)
	$(GO) test -timeout 15m -run '^TestARecordingLargerThanMemory' ./model/session

race: test # every test runs with the race detector

e2e: build ## end-to-end tests on real applications, which they install
	cmd/testdata/e2e/setup.sh
	$(GO) test -tags e2e -timeout 20m -count 1 ./fixtures/apps
	$(GO) test -tags e2e -timeout 40m -count 1 -v -run '^(TestApplicationsThatNobodyHereWrote|TestRealApplicationsKeepWhatWasRecorded|TestWhatOverlappedOverlaps)$$' ./cmd

bench: ## benchmarks of the hot paths
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

bench-peers: build ## client CPU per request beside wrk
	.ci/bench-peers $(BIN)

fuzz: ## fuzz every target for 20 s
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime 20s -fuzzminimizetime 10x $$package || exit 1; \
	  done; done

lint: ## gofmt, vet, staticcheck, tidy go.mod
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt -w on these'; exit 1; }
	$(GO) vet ./... $(CI_PROGRAMS)
	$(GO) vet -tags e2e ./cmd/... ./fixtures/...
	$(GO) run $(STATICCHECK) ./... $(CI_PROGRAMS)
	$(GO) mod tidy -diff

clean: ## remove what was built and recorded
	rm -rf bin demo $(WEB)/node_modules
	find $(WEB)/dist -mindepth 1 ! -name .gitkeep -delete
