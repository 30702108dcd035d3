# SPDX-License-Identifier: GPL-2.0
# Included by ../Makefile, after redirect.mk. Gives TOP_OBJS to link.
TOP_OUT := $(OUT)/top
TOP_OBJS := $(TOP_OUT)/top.o

$(TOP_OUT)/top.bpf.o: top/top.bpf.c
	mkdir -p $(TOP_OUT)
	$(CLANG) -target bpf -O2 -g -Wall -Werror \
		-ffile-prefix-map=$(CURDIR)=. -fdebug-compilation-dir=. \
		-I/usr/include/$(REDIRECT_ARCH) -c $< -o $@

$(TOP_OUT)/top.skel.h: $(TOP_OUT)/top.bpf.o
	$(BPFTOOL) gen skeleton $< name top_bpf >$@.new
	mv $@.new $@

$(TOP_OBJS): top/top.c top/top.h $(TOP_OUT)/top.skel.h
	$(CC) $(CFLAGS) -Itop -I$(TOP_OUT) -c $< -o $@
