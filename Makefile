# `make` alone lists the targets. Only Go is needed for run, build, test and lint. A target looks for
# the other programs that it can use, and reports a missing one.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# --- what can be set from outside: make fuzz FUZZTIME=1m ----------------------------------
FUZZTIME ?= 10s
CORPUS ?= 40
# Never a cached result: of a test against a peer it would say nothing about the peer today.
# make lint vets everything, so go test need not: that is a tenth of the time to compile.
TESTFLAGS ?= -count=1 -timeout 20m -vet=off
# The packages whose tests take longest start first, so that none of them runs alone at the end.
# Most of them wait for other programs, so one package more runs at a time than there are processors.
FIRST := ./test/e2e ./deploy ./app/cmd/migratectl ./app ./test/recipes
AT_A_TIME := $(shell echo $$(($$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)))
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# IMAGE, PLATFORM, BASE, ENGINE, PULL: see deploy/image/build.sh
# make bench QUICK=1 is shorter, KEEP=1 writes into docs; BENCHFLAGS: go -C test/bench run ./cmd/bench -help
BENCHFLAGS ?=
# SCALEFLAGS: go run ./test/reportscale -help
SCALEFLAGS ?=
export VERSION

# The main of the function, as a folder or as a name below app/cmd. It lists the parts that the
# binary has: docs/weight.md. bootstrap has all, bootstrap-cognito the Cognito source alone.
MAIN ?= app/cmd/bootstrap
override MAIN := $(patsubst ./%,%,$(patsubst %/,%,$(MAIN)))
override MAIN := $(if $(findstring /,$(MAIN)),$(MAIN),app/cmd/$(MAIN))
export MAIN
# These tags are Go's and aws-lambda-go's own: no HTTP/2, and no old way to be called in Lambda.
FUNCTION_TAGS := lambda.norpc,nethttpomithttp2

# The version that .golangci.yml is written for; another one may know other rules.
GOLANGCI_VERSION := 2.15.0
ACTIONLINT_VERSION := 1.7.12
GOVULNCHECK_VERSION := 1.9.0

# Where `go install` puts the linters, whether or not the shell looks there.
GOBIN := $(or $(shell go env GOBIN 2>/dev/null),$(shell go env GOPATH 2>/dev/null)/bin)
export PATH := $(PATH):$(GOBIN)

# The race detector needs a C compiler, which a machine with Go alone may lack. It does not watch
# the libraries that compute hashes of passwords: they share nothing, and took ten times as long.
RACE := $(if $(shell command -v "$$(go env CC 2>/dev/null)"),-race $(foreach library,golang.org/x/crypto github.com/openwall/yescrypt-go github.com/zitadel/passwap,-gcflags=$(library)/...=-race=false))
# A program of the race detector otherwise sleeps for a second when it ends, and each package's tests are one.
export GORACE ?= atexit_sleep_ms=0
SUMMARY := go run ./.ci/testsummary/main.go
BUILD := CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
# Modules beside the main one, which ./... passes over.
MODULES := ./test/bench ./examples/own-source
# Folders with a package-lock.json of software that tests run against.
PEERS := test/peers test/clients adapters/firebasesource/testdata/emulator adapters/oidcsource/testdata/provider test/e2e/testdata/duckdb test/recipes

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- using it ------------------------------------------------------------------------------
# Go's library is compiled without optimisation here: that is a sixth quicker from empty caches.
.PHONY: run
run: ## A demonstration: users of a file are moved, and refused. Needs Go alone
	@echo "run: compiling the demonstration; with empty caches this takes some 20 seconds" >&2
	@mkdir -p bin
	@CGO_ENABLED=0 go build -v -tags "$(FUNCTION_TAGS)" -ldflags "-s -w" -gcflags "std=-N -l" -o bin/demo ./app/cmd/demo 2>&1 | awk '/^go: downloading/ || /^cognito-user-migration.*demo$$/ || NR % 40 == 0 {print "run: " $$0 " (" NR ")"} !/^[a-z0-9.\/_-]+$$/ && !/^go: downloading/ {print}' >&2
	@bin/demo

.PHONY: build
build: ## Build bin/bootstrap (what Lambda runs; MAIN=bootstrap-cognito) and bin/migratectl
	@mkdir -p bin
	$(BUILD:go=go -C $(MAIN)) -tags "$(FUNCTION_TAGS)" -o "$(CURDIR)/bin/bootstrap" .
	$(BUILD) -tags lambda.norpc -o bin/migratectl ./app/cmd/migratectl
	@ls -l bin/bootstrap bin/migratectl

.PHONY: image
image: ## Build the container image: IMAGE, PLATFORM, BASE, ENGINE, CERTIFICATES; MAIN as in build
	@deploy/image/build.sh

# The image's binary is of the same modules; the image test lists those of the image itself.
.PHONY: sbom
sbom: build ## List the components of bin/bootstrap (CycloneDX), and check the list: MAIN as in build
	@deploy/image/sbom.sh bin/bootstrap bin/bootstrap.cdx.json

.PHONY: example
example: ## Build examples/own-source, hold its source to the contract, move one user with its binary
	@mkdir -p bin
	go -C examples/own-source vet .
	go -C examples/own-source test -count=1 .
	CGO_ENABLED=0 go -C examples/own-source build -trimpath -tags "$(FUNCTION_TAGS)" -o "$(CURDIR)/bin/own-source" .
	@go build -o bin/invoke ./deploy/image/invoke
	@answer="$$(SOURCE_KIND=json SOURCE_PATH=examples/own-source/users.json bin/invoke bin/own-source migrate <deploy/image/testdata/sign-in.json)"; \
	if grep -q '"finalUserStatus":"CONFIRMED"' <<<"$$answer"; then echo "example: one user was moved"; \
	else echo "example: the user was not moved:"; echo "$$answer"; exit 1; fi

# 77 is a missing program: examples/laptop.sh.
.PHONY: examples
examples: peers ## Start the example of each kind of source, and migrate one user of it; E2E=required: none is skipped
	@mkdir -p bin; failed=0; \
	for run in examples/*/run.sh; do \
	  name="$$(basename "$$(dirname "$$run")")" status=0; \
	  "$$run" >"bin/example-$$name.txt" 2>&1 || status=$$?; \
	  if [[ $$status == 0 ]]; then tail -n 1 "bin/example-$$name.txt"; \
	  elif [[ $$status == 77 && "$${E2E:-}" != required ]]; then echo "skipped: $$(tail -n 1 "bin/example-$$name.txt")"; \
	  else cat "bin/example-$$name.txt"; echo "$$name: FAILED"; failed=1; fi; \
	done; exit $$failed

.PHONY: release-files
release-files: build ## Build what a release publishes into bin/release; publishes nothing: VERSION
	@deploy/release.sh

.PHONY: image-test
image-test: ## Build the image twice, look inside, run it: needs buildah
	@deploy/image/test.sh

# --- testing it ----------------------------------------------------------------------------
.PHONY: test
# Without AWS_CA_BUNDLE: the peers speak HTTP, and to read its certificates takes 50 ms for each client of the SDK.
test: peers ## Every test that this machine can run; E2E=required: a skipped one is a failure
	@$(if $(RACE),,echo "test: no C compiler here, so without the race detector")
	@env -u AWS_CA_BUNDLE FIRST="$(FIRST)" MODULES="$(MODULES)" $(SUMMARY) $(RACE) $(TESTFLAGS) -p $(AT_A_TIME) ./...

COUNT ?= 30
PACKAGES ?= ./...
.PHONY: test-repeat
test-repeat: peers ## Show that no result depends on luck: COUNT (30) runs of PACKAGES, one and two processors, busy cores
	@go run ./test/repeat -count $(COUNT) $(PACKAGES)

.PHONY: e2e
e2e: ## The end-to-end tests alone; each peer must be there
	@$(MAKE) peers E2E=required
	@E2E=required $(SUMMARY) $(RACE) $(TESTFLAGS) ./test/e2e/... ./test/lambdahost/... ./test/peers/...

# npm writes the hidden lock file last, so it tells a finished installation from a broken one.
.PHONY: peers
peers: ## Install the npm packages that tests run against, where npm is there
	@for peer in $(PEERS); do \
	  if [[ $$peer/node_modules/.package-lock.json -nt $$peer/package-lock.json ]]; then \
	    :; \
	  elif command -v npm >/dev/null && npm ci --prefix $$peer --no-audit --no-fund --loglevel error; then \
	    touch $$peer/node_modules/.package-lock.json; \
	  elif [[ "$${E2E:-}" == required ]]; then \
	    echo "peers: npm is missing or could not install $$peer, and E2E=required"; exit 1; \
	  else \
	    echo "peers: npm is missing or could not install $$peer; the tests that need it are skipped"; \
	  fi; \
	done

# Node.js and Python are compared with where they are installed.
BUILD_BENCH := mkdir -p bin && go -C test/bench build -o "$(CURDIR)/bin/bench" ./cmd/bench
.PHONY: bench
bench: ## What one sign-in costs, beside the floor, Python and Node.js; QUICK=1 for a short look
	@$(MAKE) peers PEERS=test/bench/node
	@$(BUILD_BENCH)
	@bin/bench $(if $(QUICK),-rounds 2 -invocations 100 -quota-rounds 1 -load 0 -wait 10s) \
	  $(if $(KEEP),-out docs/bench -page docs/performance.md) $(BENCHFLAGS)

.PHONY: bench-load
bench-load: ## How that grows with sources, attributes, groups and processes at once
	@$(BUILD_BENCH)
	@bin/bench -rounds 0 -quota 0 $(if $(QUICK),-load 1 -wait 10s) $(BENCHFLAGS)

.PHONY: report-scale
report-scale: ## What a report over millions of users takes, beside a boto3 script; KEEP=1 writes into docs
	@go run ./test/reportscale $(if $(KEEP),-keep docs/report.md) $(SCALEFLAGS)

# The figures are printed; nothing fails where the machine is busy.
.PHONY: export-speed
export-speed: ## Export a million users with the real binary, and print rows a second and memory: EXPORT_USERS
	@EXPORT_USERS=$${EXPORT_USERS:-1000000} go test -count=1 -v -timeout 20m -run TestTheSpeedOfAnExport ./test/e2e

.PHONY: import-tail
import-tail: ## Import 120,000 users with the real binary, which is killed at 20 moments: IMPORT_USERS
	@IMPORT_USERS=$${IMPORT_USERS:-120000} go test -count=1 -v -timeout 20m -run TestAnImportThatIsKilledImportsEveryUserOnce ./test/e2e

.PHONY: cover
cover: ## Statement coverage: of domain it must be 100 %, the rest is printed
	@mkdir -p bin
	@go test -count=1 -coverprofile=bin/domain.cover.out ./domain/... >bin/domain.cover.txt || { cat bin/domain.cover.txt; exit 1; }
	@go test -count=1 -cover $$(go list ./... | grep -v -e '/domain$$' -e '/domain/' -e '/test/' -e '/ports/mocks$$' -e '/deploy$$' -e '/deploy/')
	@cat bin/domain.cover.txt
	@awk 'NR > 1 {all += $$2; if ($$3 == 0) {missed += $$2; if (++shown <= 30) print "not covered: " $$1}} \
	  END {printf "domain: %d of %d statements covered\n", all - missed, all; exit missed > 0 || all == 0}' bin/domain.cover.out

# Every target as FILE:NAME.
fuzz_targets = find . -name node_modules -prune -o -name '*_test.go' -print | sort | xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]*' | sed 's/:func /:/; s|^\./||'

# Go fails a target whose time ends during a slow input, with these words alone and no input.
fuzz_time_ended = { grep -q '^ *context deadline exceeded' bin/fuzz.txt && ! grep -qE 'Failing input|panic' bin/fuzz.txt && echo "fuzz: the time ended during an input; nothing was found"; }

.PHONY: fuzz
fuzz: ## Every fuzz target in the tree, FUZZTIME (10s) each
	@mkdir -p bin; found=0; \
	while IFS=: read -r file target; do \
	  found=1; \
	  echo "fuzz: $$target in $$(dirname "$$file"), $(FUZZTIME)"; \
	  go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x "./$$(dirname "$$file")" 2>&1 | tee bin/fuzz.txt \
	    || $(fuzz_time_ended) || exit 1; \
	done < <($(fuzz_targets)); \
	[[ $$found == 1 ]] || echo "fuzz: no target found"

WEIGHT_LIMIT := 10600000
.PHONY: weight
weight: ## Measure what each part adds, and write docs/weight.md
	@go run ./test/weight -limit $(WEIGHT_LIMIT) -write docs/weight.md

.PHONY: weight-check
weight-check: ## Fail where the Cognito source alone has grown too heavy
	@go run ./test/weight -limit $(WEIGHT_LIMIT)

# What a long run found stays in Go's cache. The smallest of it are copied into the tree, and those
# that run code of their own stay there, where each `go test` runs them again.
.PHONY: fuzz-corpora
fuzz-corpora: ## Keep the inputs that fuzzing found and that reach new code: of the CORPUS (40) smallest, 4 KiB at most
	@cache="$$(go env GOCACHE)/fuzz/$$(go list -m)"; \
	while IFS=: read -r file target; do \
	  from="$$cache/$$(dirname "$$file")/$$target" into="$$(dirname "$$file")/testdata/fuzz/$$target"; \
	  if [[ ! -d $$from ]]; then echo "fuzz-corpora: nothing found yet for $$target in $$(dirname "$$file")"; continue; fi; \
	  mkdir -p "$$into"; \
	  room=$$(($(CORPUS) - $$(find "$$into" -type f | wc -l))); \
	  find "$$from" -type f -size -4097c -printf '%s %f\n' | sort -n \
	    | awk -v room="$$room" 'NR <= room {print $$2}' | while read -r name; do cp "$$from/$$name" "$$into/$$name"; done; \
	done < <($(fuzz_targets))
	@$(MAKE) fuzz-minimise

.PHONY: fuzz-minimise
fuzz-minimise: ## Remove the committed fuzz inputs that reach no code of their own: PACKAGES
	@go run ./test/corpus $(PACKAGES)

# --- keeping it in order -------------------------------------------------------------------
.PHONY: lint
lint: ## gofmt, go vet, golangci-lint; shellcheck and actionlint where they can be had
	@unformatted="$$(find . -name node_modules -prune -o -name '*.go' -print0 | xargs -0 -r gofmt -l)"; \
	if [[ -n "$$unformatted" ]]; then echo "lint: not gofmt's form:"; echo "$$unformatted"; exit 1; fi
	@go vet ./... && go vet ./.ci/testsummary/main.go
	@if golangci-lint version 2>/dev/null | grep -qF 'version $(GOLANGCI_VERSION) '; then lint=golangci-lint; \
	else lint="$$(go env GOPATH)/bin/golangci-lint"; go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_VERSION); fi; \
	"$$lint" run ./...; \
	for module in $(MODULES); do echo "lint: $$module"; (cd "$$module" && go vet ./... && "$$lint" run ./...); done
	@if command -v shellcheck >/dev/null; then shellcheck -x .ci/run deploy/image/*.sh deploy/*.sh examples/*.sh examples/*/*.sh; \
	else echo "lint: shellcheck is not installed, the scripts were not checked"; fi
	@if command -v actionlint >/dev/null; then actionlint; \
	else go run github.com/rhysd/actionlint/cmd/actionlint@v$(ACTIONLINT_VERSION); fi
	@echo "lint: clean"

.PHONY: generate
generate: ## Write the generated code anew (the mocks of the ports)
	@go generate ./...

# Compares with the tree as it was, not with the last commit, so that it also works before a
# commit. In a clean clone both are the same.
tree_state = { git diff; git ls-files --others --exclude-standard | git hash-object --stdin-paths; } | git hash-object --stdin
.PHONY: generate-check
generate-check: ## Fail where the generated code is not what generate writes
	@before="$$($(tree_state))"; $(MAKE) generate; \
	if [[ "$$before" != "$$($(tree_state))" ]]; then \
	  echo "generate-check: the generated code was stale; it is written anew, commit it:"; git status --short; exit 1; \
	fi; echo "generate-check: fresh"

.PHONY: tidy-check
tidy-check: ## Fail where go mod tidy would change something
	@for module in . $(MODULES); do go -C "$$module" mod tidy -diff; done; echo "tidy-check: tidy"

.PHONY: versions
versions: # Of the tools, for .ci/run
	@echo "golangci=$(GOLANGCI_VERSION) actionlint=$(ACTIONLINT_VERSION) govulncheck=$(GOVULNCHECK_VERSION)"

.PHONY: clean
clean: ## Remove what was built
	@rm -rf bin
