/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a stock function goes on after a handler that changes nothing, where
 * others share the function; read by assembler too. See resume.S.
 */
#ifndef NETMEM_TX_RESUME_H
#define NETMEM_TX_RESUME_H

#define NMTX_RESUME_BIND_TX	0
#define NMTX_RESUME_GET_BINDING	1
#define NMTX_RESUME_UNBIND	2
#define NMTX_RESUME_FREE	3
#define NMTX_RESUME_NF_QUEUE	4
#define NMTX_RESUME_NF_LOG	5
#define NMTX_RESUME_NF_TRACE	6
#define NMTX_RESUME_SIGPOOL	7
#define NMTX_RESUME_MD5		8
#define NMTX_RESUME_VALIDATE	9
#define NMTX_RESUME_SEGMENT	10
#define NMTX_RESUME_COPY	11
#define NMTX_RESUMES		12

#ifndef __ASSEMBLY__
#include <linux/ftrace.h>

extern unsigned long nmtx_resume_at[NMTX_RESUMES];

void nmtx_resume_bind_tx(void);
void nmtx_resume_get_binding(void);
void nmtx_resume_unbind(void);
void nmtx_resume_free(void);
void nmtx_resume_validate(void);
void nmtx_resume_segment(void);
void nmtx_resume_copy(void);
void nmtx_resume_nf_queue(void);
void nmtx_resume_nf_log(void);
void nmtx_resume_nf_trace(void);
void nmtx_resume_sigpool(void);
void nmtx_resume_md5(void);

/*
 * Only who shares the function by a full set of registers, as BPF does, can
 * call what we leave in the instruction pointer.
 */
static __always_inline bool nmtx_resume_needed(struct ftrace_regs *fregs)
{
	if (!fregs)
		__builtin_unreachable();	/* saves the test for it */
	return ftrace_get_regs(fregs);
}

/* Let the stock function number @which go on, by way of @stub. */
static __always_inline void nmtx_resume(struct ftrace_regs *fregs, int which,
					void (*stub)(void))
{
	unsigned long ip = ftrace_regs_get_instruction_pointer(fregs);

	if (unlikely(READ_ONCE(nmtx_resume_at[which]) != ip))
		WRITE_ONCE(nmtx_resume_at[which], ip);
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)stub);
}
#endif

#endif
