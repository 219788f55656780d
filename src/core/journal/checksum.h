/* checksum.h — CRC-32C (Castagnoli), as iSCSI, SCTP, ext4 and btrfs have it: of "123456789" it is
 * 0xe3069283.
 *
 * ISA-L computes it with carry-less multiplication where the processor has it, at ten bytes and
 * more a nanosecond, and on others with what they have. Called by format, writer and scan. */
#ifndef CORE_JOURNAL_CHECKSUM_H
#define CORE_JOURNAL_CHECKSUM_H

#include <isa-l/crc.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t checksum(const unsigned char *bytes, size_t len)
{
    /* The library only reads, though its interface does not say const. */
    return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)len, ~UINT32_C(0));
}

#endif
