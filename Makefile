# A thin front to Meson: make, make demo, make check, make bench, make docs, make soak, make install.
BUILD ?= build
CHECK ?= build-check
PREFIX ?= /usr/local
MESON = PATH=/usr/bin:/bin:$$PATH meson

all: deps-build $(BUILD)/build.ninja
	@ninja --quiet -C $(BUILD) src/cli/grat libvisa.so.0.0.0
	@mkdir -p $(BUILD)/bin $(BUILD)/lib
	@ln -sf ../src/cli/grat $(BUILD)/bin/grat
	@for f in $(BUILD)/libgraticule.so* $(BUILD)/libvisa.so*; do if [ -f "$$f" ]; then ln -sf "../$${f##*/}" $(BUILD)/lib/; fi; done

$(BUILD)/build.ninja:
	@$(MESON) setup $(BUILD) --buildtype=release --prefix=$(PREFIX)

$(CHECK)/build.ninja:
	@$(MESON) setup $(CHECK) --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false

deps-%:
	@tools/install-deps $*

demo: all
	@tools/demo $(BUILD)

check: deps-build deps-check $(CHECK)/build.ninja
	@ninja --quiet -C $(CHECK)
	@rm -rf $(CHECK)/results
	@$(MESON) test -C $(CHECK) --no-rebuild --print-errorlogs; status=$$?; \
	python3 tests/summary.py $(CHECK) && exit $$status

bench: all deps-bench
	@ninja --quiet -C $(BUILD)
	@/usr/bin/python3 tests/bench/bench.py --build $(BUILD)

# The documentation's site: build/docs/site/index.html. Runs its blocks, which make the pictures.
docs: deps-build deps-docs $(BUILD)/build.ninja
	@ninja --quiet -C $(BUILD) src/cli/grat libgraticule.so.0.1.0 libvisa.so.0.0.0
	@/usr/bin/python3 docs/make.py $(BUILD)

# 10,000 times on each wire: a block is broken off in its middle, then *IDN? must be answered right. USB in the lab.
# Then 100,000 cases of the matrix of faults, and 10,000 slow clients of grat serve. SHORT=1: some of each, minutes.
ABORTS ?= $(if $(SHORT),50,10000)
CASES ?= $(if $(SHORT),300,100000)
SLOW ?= $(if $(SHORT),200,10000)
soak: deps-build deps-check $(CHECK)/build.ninja
	@ninja -C $(CHECK)
	@$(CHECK)/tests/faults/aborts --count $(ABORTS)
	@GRAT_ABORTS=$(ABORTS) tests/lab/run -p -t 7200 -u -k 'vhci-hcd usbtmc' -e GRAT_ABORTS -- \
	    /usr/bin/python3 $(CURDIR)/tests/lab/usb_suite.py --build $(CURDIR)/$(CHECK) aborted_blocks
	@$(CHECK)/tests/faults/matrix --cases $(CASES)
	@/usr/bin/python3 tests/serve/security.py --grat $(CHECK)/src/cli/grat --slow $(SLOW)

# The VISA library, its wires and benches of instruments under the thread sanitizer.
TSAN = visa_test visa_stress_test visa_trap_test visa_class_test visa_buffer_test visa_attr_test serial_test \
    vicp_scope_test sync_test
tsan: deps-build
	@[ -d build-tsan ] || $(MESON) setup build-tsan --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
	@ninja --quiet -C build-tsan $(TSAN)
	@cd build-tsan && for t in $(TSAN); do echo "== $$t"; ./$$t >$$t.log 2>&1 || { cat $$t.log; exit 1; }; tail -1 $$t.log; done

# The Debian packages: built, checked by lintian, installed and used in a fresh Debian (needs root), and removed.
package-check: deps-package
	@REQUIRE_PACKAGES=1 packaging/check build/packages

install: all
	@ninja -C $(BUILD) install

clean:
	rm -rf $(BUILD) $(CHECK) build-tsan

.PHONY: all demo check bench docs soak tsan package-check install clean
