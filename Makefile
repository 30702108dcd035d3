# netmem_tx: for people. dkms and kbuild use the file Kbuild beside this one.
#
# SPDX-License-Identifier: GPL-2.0

KDIR ?= /lib/modules/$(shell uname -r)/build
# make bench has its own default; make demo takes one.
BENCH_KERNELS := $(KERNEL)
KERNEL ?= 6.18.15
NAME := netmem-tx
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

.PHONY: all module tools clean help demo check check-debug lint \
	install uninstall fidelity bench soak fuzz faults packages packages-check \
	packages-boot check-scripts ynl deb rpm arch

all: module

module:
	@[ -e "$(KDIR)/Makefile" ] || { \
		echo "no kernel headers at $(KDIR): install linux-headers-$$(uname -r) or set KDIR="; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools OUT=$(CURDIR)/build/tools

clean:
	rm -rf build/check build/logs build/tools
	find src tests \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name Module.symvers \
		-o -name modules.order \) -delete

demo:
	@KERNEL="$(KERNEL)" tests/lab/demo.sh

check:
	@KERNELS="$(KERNELS)" tests/lab/run.sh $(CASES)

check-debug:
	@KERNELS="$(KERNELS)" KERNEL="$(if $(filter file,$(origin KERNEL)),,$(KERNEL))" \
		tests/debug/$(if $(MUTANTS),mutants,run).sh $(CASES)

bench:
	@KERNEL="$(BENCH_KERNELS)" tests/bench/run.sh

lint:
	@tests/lint.sh

install:
	@scripts/install.sh install

uninstall:
	@scripts/install.sh uninstall

fidelity:
	@KERNELS="$(KERNELS)" REFERENCE="$(REFERENCE)" \
		tests/fidelity/$(if $(MUTANTS),mutants,run).sh $(SCENARIOS)

fuzz:
	@KERNEL="$(KERNEL)" COUNT="$(COUNT)" SEED="$(SEED)" tests/fuzz/run.sh

faults:
	@KERNEL="$(KERNEL)" POINTS="$(POINTS)" OPS="$(OPS)" MUTANT="$(MUTANT)" \
		tests/faults/run.sh

soak:
	@KERNEL="$(KERNEL)" CYCLES="$(CYCLES)" LONG="$(LONG)" tests/soak/run.sh

packages:
	@packaging/build.sh deb rpm arch

deb rpm arch:
	@packaging/build.sh $@

packages-check:
	@packaging/test.sh $(or $(KINDS),deb rpm arch)

packages-boot:
	@packaging/boot.sh $(STAGES)

check-scripts:
	@packaging/kubernetes/test.sh
	@packaging/systemd/test.sh

ynl:
	@KERNEL="$(KERNEL)" tests/ynl/run.sh

help:
	@echo "netmem-tx $(VERSION)"
	@echo
	@echo "make              the module, for the running kernel or KDIR=..."
	@echo "make tools        nmtx, the command line"
	@echo "make install      as root: the module by dkms, nmtx"
	@echo "make uninstall    as root: both away again"
	@echo
	@echo "make packages     as root: packages for Debian, rpm and Arch in build/packages;"
	@echo "                  make deb, make rpm, make arch: one kind"
	@echo "make packages-check  install and remove them in throw-away roots (KINDS=deb)"
	@echo "make packages-boot   a whole system in a VM: install, boot, upgrade, newer"
	@echo "                  kernels, purge (STAGES=\"first second\")"
	@echo
	@echo "In a VM, as root; install what they need on Debian and Ubuntu:"
	@echo "make demo         the main job step by step (KERNEL=6.18.15 or 7.1.13)"
	@echo "make check        all cases on stock kernels (KERNELS=\"6.18.15 7.1.13\","
	@echo "                  KERNELS=all, KERNELS=next, CASES=\"01-native\")"
	@echo "make check-debug  the same cases on two debug kernels (KASAN, lockdep; KERNELS=);"
	@echo "                  KCSAN=1: one that looks for data races;"
	@echo "                  MUTANTS=1: seeded bugs, each of which it has to report"
	@echo "make bench        what it costs, in instructions (KERNEL=\"6.18.15 7.1.13\")"
	@echo "make fidelity     verdicts of all kernels compared with native ones"
	@echo "                  (KERNELS=, SCENARIOS=\"path-*\", REFERENCE=1, MUTANTS=1)"
	@echo "make fuzz         odd netlink messages (COUNT=1000000, SEED=, KERNEL=)"
	@echo "make soak         loads and unloads under everything else (LONG=1, CYCLES=300)"
	@echo "make faults       each call that can fail made to fail (KERNEL=, POINTS=\"netns_init/*\")"
	@echo "make check-scripts  the CNI plugin and the boot script, without a VM"
	@echo "make ynl          the netlink specification and YNL's Python client"
	@echo "make lint         checkpatch, sparse, shellcheck"
	@echo "docs/testing.md says more."
