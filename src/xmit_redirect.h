/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by C and assembler: where the transmit hook sends a packet. */
#ifndef NETMEM_TX_XMIT_REDIRECT_H
#define NETMEM_TX_XMIT_REDIRECT_H

#define NMTX_REDIRECT_NO	0	/* the stock function runs on */
#define NMTX_REDIRECT_VALIDATE	1	/* nmtx_validate_xmit_skb() */
#define NMTX_REDIRECT_SEGMENT	2	/* nmtx_segment_refused() */
#define NMTX_REDIRECT_COPY	3	/* nmtx_copy_and_csum_bits() */

#endif
