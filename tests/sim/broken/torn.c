/* torn.c — a core that believes each byte of its journal: all sums are right. */
#include <isa-l/crc.h>

unsigned int __wrap_crc32_iscsi(unsigned char *bytes, int len, unsigned int seed);

unsigned int __wrap_crc32_iscsi(unsigned char *bytes, int len, unsigned int seed)
{
    (void)bytes;
    return (unsigned int)len ^ seed;
}
