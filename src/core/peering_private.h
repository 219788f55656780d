/* peering_private.h — what the two halves of peering share: what comes in (peering.c) and what goes
 * out (peering_out.c). For these two only. */
#ifndef CORE_PEERING_PRIVATE_H
#define CORE_PEERING_PRIVATE_H

#include "core/peering.h"

/* This end's HELLO. Its peer, or that it is an observer, is known. */
struct hello peering_mine(const struct peering *p);

#endif
