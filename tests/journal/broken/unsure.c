/* unsure.c — a reader that takes synced bytes that are damaged for a torn end. */
#include "core/journal/format.h"

bool __real_block_header_parse(const unsigned char *bytes, uint64_t offset, uint64_t salt,
    struct block_header *out, uint32_t *crc);
bool __wrap_block_header_parse(const unsigned char *bytes, uint64_t offset, uint64_t salt,
    struct block_header *out, uint32_t *crc);

bool __wrap_block_header_parse(const unsigned char *bytes, uint64_t offset, uint64_t salt,
    struct block_header *out, uint32_t *crc)
{
    bool well = __real_block_header_parse(bytes, offset, salt, out, crc);
    if (well)
        out->synced = FILE_HEADER_BYTES;
    return well;
}
