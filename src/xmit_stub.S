/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The direct-call hook of validate_xmit_skb(), skb_segment() and
 * skb_copy_and_csum_bits(). All have the packet as their first argument and no
 * more than four; ftrace calls us before their first instruction. Readable
 * packets cost the call and three instructions.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

#include "skb_unreadable.h"
#include "xmit_redirect.h"

/* Called directly, and by a return from ftrace: no landing pad is needed. */
SYM_START(nmtx_xmit_stub, SYM_L_GLOBAL, SYM_A_ALIGN)
	ANNOTATE_NOENDBR
	testb	$SKB_UNREADABLE_MASK, SKB_UNREADABLE_OFFSET(%rdi)
	jnz	.Lunreadable
	RET

.Lunreadable:
	/* Which function was entered: the address after its ftrace call. */
	movq	(%rsp), %rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	movq	%rax, %rdx
	call	nmtx_xmit_redirect
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	cmpl	$NMTX_REDIRECT_VALIDATE, %eax
	je	.Lvalidate
	cmpl	$NMTX_REDIRECT_SEGMENT, %eax
	je	.Lsegment
	cmpl	$NMTX_REDIRECT_COPY, %eax
	je	.Lcopy
	RET

	/*
	 * Leave the stock function out: drop the return address into it, and
	 * answer its caller from ours. One call has no return of its own then,
	 * as in BPF trampolines that skip a frame; call depth is not accounted.
	 */
.Lvalidate:
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	jmp	nmtx_validate_xmit_skb

.Lsegment:
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	jmp	nmtx_segment_refused

.Lcopy:
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	jmp	nmtx_copy_and_csum_bits
SYM_FUNC_END(nmtx_xmit_stub)
