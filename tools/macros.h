/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's short forms, for a program. */
#ifndef NMTX_MACROS_H
#define NMTX_MACROS_H

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

#ifndef __aligned
#define __aligned(x)	__attribute__((__aligned__(x)))
#endif

#ifndef __printf
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#endif

#endif /* NMTX_MACROS_H */
