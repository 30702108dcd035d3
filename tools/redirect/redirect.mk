# SPDX-License-Identifier: GPL-2.0
# Included by a Makefile that sets REDIRECT (this folder) and OUT.
# Gives REDIRECT_OBJS to link and REDIRECT_LIBS to link with.
CLANG ?= clang
BPFTOOL ?= bpftool
REDIRECT_OUT := $(OUT)/redirect
REDIRECT_OBJS := $(REDIRECT_OUT)/redirect.o
REDIRECT_LIBS := -lbpf -lelf -lz
REDIRECT_ARCH := $(shell $(CC) -print-multiarch)

$(REDIRECT_OUT)/redirect.bpf.o: $(REDIRECT)/redirect.bpf.c
	mkdir -p $(REDIRECT_OUT)
	$(CLANG) -target bpf -O2 -g -Wall -Werror \
		-ffile-prefix-map=$(CURDIR)=. -fdebug-compilation-dir=. \
		-I/usr/include/$(REDIRECT_ARCH) -c $< -o $@

$(REDIRECT_OUT)/redirect.skel.h: $(REDIRECT_OUT)/redirect.bpf.o
	$(BPFTOOL) gen skeleton $< name redirect_bpf >$@.new
	mv $@.new $@

$(REDIRECT_OBJS): $(REDIRECT)/redirect.c $(REDIRECT)/redirect.h \
		$(REDIRECT_OUT)/redirect.skel.h
	$(CC) $(CFLAGS) -I$(REDIRECT) -I$(REDIRECT_OUT) -c $< -o $@
