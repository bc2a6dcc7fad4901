# make demo    build and run with fictional data
# make test    install what the tests need, then run every test
# make deb     the Debian package, in bin/
# make soak    the long runs: fuzzing, repeated races and crashes, pairs under torture
# make bench   speed and memory on this machine
# make bench-pair  bookings a second with and without waiting for the copies
# make screens  every page in every state, language and size as pictures to look through
# make readme  the picture of the README
# make slow    how long a page takes on a slow line, in Chromium
# make eval    accuracy of postal codes and QR reading (needs EVAL_DATA)

GO        ?= go
BINARY    := bin/madoguchi
EVAL_DATA ?= ../shared/data
SCREENS   ?= bin/screens
# The date makes versions rise; a release gives its own, such as VERSION=1.2.0.
VERSION   ?= $(shell git log -1 --date=format:%Y%m%d%H%M%S --format=0.1~%cd.%h)
ARCH      := $(shell $(GO) env GOARCH)
DEB       ?= bin
NFPM      := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.2
export CGO_ENABLED ?= 0

.PHONY: build deb demo test check deps soak bench bench-pair screens slow eval clean

build:
	$(GO) build -trimpath -ldflags="-s -w" -o $(BINARY) .

deb:
	mkdir -p $(DEB)
	$(GO) build -trimpath -ldflags="-s -w -X madoguchi/app.stamp=$(VERSION)" -o $(DEB)/madoguchi-$(VERSION) .
	VERSION=$(VERSION) ARCH=$(ARCH) BINARY=$(DEB)/madoguchi-$(VERSION) GOFLAGS=-mod=mod $(GO) run $(NFPM) package --config systemd/deb/nfpm.yaml --packager deb --target $(DEB)/
	rm $(DEB)/madoguchi-$(VERSION)

demo: build
	exec $(BINARY) demo

# What the tests need beyond Go: three browser engines, Japanese fonts, axe-core,
# HAProxy, keepalived, systemd and a C compiler for the race detector.
deps:
	sh .ci/deps

check:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'gofmt would change the files above'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# Every test whole, then once more with the race detector (where -short draws
# fewer of the random sequences), then the running program in its browsers, and
# two machines through each kind of fault once.
test: deps check build
	$(GO) test -timeout 30m $$($(GO) list ./... | grep -v /e2e)
	CGO_ENABLED=1 $(GO) test -race -short -timeout 30m $$($(GO) list ./... | grep -v /e2e)
	$(GO) test -timeout 30m -count=1 ./e2e
	$(GO) test -timeout 15m -count=1 -v ./e2e/torture

soak: deps build
	sh .ci/soak

bench: build
	$(GO) test -run '^$$' -bench . -benchtime 1s ./store/... ./app/...
	$(BINARY) bench

# What it costs to answer a booking only once the store has it, against a real
# S3 server on this machine.
bench-pair: build
	sh .ci/bench-pair

screens:
	$(GO) run ./e2e/screens -out $(SCREENS)

readme: build
	$(GO) run ./e2e/readme -binary $(BINARY) -out docs/img/screens.png

slow: build
	$(GO) run ./e2e/slow -binary $(BINARY)

eval: build
	@test -d $(EVAL_DATA) || { echo "EVAL_DATA=$(EVAL_DATA) is not there"; exit 1; }
	$(GO) run ./e2e/postal -binary $(BINARY) -data $(EVAL_DATA)

clean:
	rm -rf bin
