/* foreign.c — see foreign.h. Browsers write exactly one space between the parts, so nothing else
 * is recognized. */
#include "core/protocol/foreign.h"
#include "core/base/ascii.h"

static bool is_token_byte(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_target_byte(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f;
}

bool foreign_is_http(struct span line, bool cut)
{
    static const char version[] = " HTTP/1.";
    const size_t version_len = sizeof version - 1;
    size_t method = 0, end;
    while (method < line.len && is_token_byte(line.at[method]))
        method++;
    if (method == 0 || method == line.len || line.at[method] != ' ')
        return false;
    struct span target = span_from(line, method + 1);
    for (end = 0; end < target.len && is_target_byte(target.at[end]);)
        end++;
    struct span rest = span_from(target, end);
    struct span word = {line.at, method};
    if (cut)
        return !SPAN_IS(word, "IAMAT") && !SPAN_IS(word, "WHATSAT") && end > 0 &&
               target.at[0] == '/' && rest.len <= version_len &&
               memcmp(rest.at, version, rest.len) == 0;
    return end > 0 && rest.len == version_len + 1 && memcmp(rest.at, version, version_len) == 0 &&
           ascii_is_digit(rest.at[version_len]);
}
