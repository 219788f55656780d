/* pattern.c — see pattern.h. */
#include "core/base/pattern.h"
#include "core/base/ascii.h"

static bool is_of_label(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

bool pattern_valid(struct span pattern)
{
    size_t stars = 0;
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.at[i] == '*')
            stars++;
        else if (!is_of_label(pattern.at[i]) && pattern.at[i] != '.')
            return false;
    return stars <= 1 && pattern.len > stars;
}

bool pattern_fits(struct span pattern, struct span name)
{
    const char *star = pattern.len ? memchr(pattern.at, '*', pattern.len) : NULL;
    if (!star)
        return pattern.len && span_equal(pattern, name);
    size_t before = (size_t)(star - pattern.at), behind = pattern.len - before - 1;
    if (name.len < pattern.len || memcmp(name.at, pattern.at, before) != 0 ||
        memcmp(name.at + name.len - behind, star + 1, behind) != 0)
        return false;
    for (size_t i = before; i < name.len - behind; i++)
        if (!is_of_label(name.at[i]))
            return false;
    return true;
}
