/* SPDX-License-Identifier: GPL-2.0 */
/* The emptiest direct call there is. */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>

SYM_START(bench_stub, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	RET
SYM_FUNC_END(bench_stub)
