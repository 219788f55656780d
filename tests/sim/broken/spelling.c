/* spelling.c — the text of a time is another one than was told: its last digit is. */
#include "core/base/decimal.h"

void __real_decimal_time_put(char *out, size_t bytes, int64_t ns, unsigned decimals);

void __wrap_decimal_time_put(char *out, size_t bytes, int64_t ns, unsigned decimals);

void __wrap_decimal_time_put(char *out, size_t bytes, int64_t ns, unsigned decimals)
{
    __real_decimal_time_put(out, bytes, ns, decimals);
    out[bytes - 1] = out[bytes - 1] == '9' ? '0' : (char)(out[bytes - 1] + 1);
}
