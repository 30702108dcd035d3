/* SPDX-License-Identifier: GPL-2.0 */
/*
 * After a handler that changes nothing ftrace returns into the stock function,
 * behind its landing pad. But where a BPF fexit program shares the function
 * with us, BPF calls that address through a pointer (its BPF_TRAMP_F_ORIG_STACK),
 * as it would call a livepatch. With indirect branch tracking that is fatal.
 * So there we give it an address with a landing pad: one of these. From here
 * the function is returned to, which is not tracked.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/ibt.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

#include "resume.h"

.macro RESUME name, which
SYM_START(\name, SYM_L_GLOBAL, SYM_A_ALIGN)
	ENDBR
	pushq	nmtx_resume_at + 8 * \which(%rip)
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(\name)
.endm

RESUME nmtx_resume_bind_tx, NMTX_RESUME_BIND_TX
RESUME nmtx_resume_get_binding, NMTX_RESUME_GET_BINDING
RESUME nmtx_resume_unbind, NMTX_RESUME_UNBIND
RESUME nmtx_resume_free, NMTX_RESUME_FREE
RESUME nmtx_resume_validate, NMTX_RESUME_VALIDATE
RESUME nmtx_resume_segment, NMTX_RESUME_SEGMENT
RESUME nmtx_resume_copy, NMTX_RESUME_COPY
RESUME nmtx_resume_nf_queue, NMTX_RESUME_NF_QUEUE
RESUME nmtx_resume_nf_log, NMTX_RESUME_NF_LOG
RESUME nmtx_resume_nf_trace, NMTX_RESUME_NF_TRACE
RESUME nmtx_resume_sigpool, NMTX_RESUME_SIGPOOL
RESUME nmtx_resume_md5, NMTX_RESUME_MD5
