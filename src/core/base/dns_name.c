/* dns_name.c — see dns_name.h. */
#include "core/base/dns_name.h"
#include "core/base/ascii.h"

static bool is_plain(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

static bool is_address(struct span name)
{
    bool digit = false, other = false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == ':' || name.at[i] == '[')
            return true;
        digit |= ascii_is_digit(name.at[i]);
        other |= !ascii_is_digit(name.at[i]) && name.at[i] != '.';
    }
    return digit && !other;
}

enum dns_name_fault dns_name_check(struct span name)
{
    if (name.len == 0)
        return DNS_NAME_EMPTY;
    if (name.len > DNS_NAME_BYTES_MAX)
        return DNS_NAME_LONG;
    if (is_address(name))
        return DNS_NAME_ADDRESS;
    size_t label = 0;
    bool labels_fit = true;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] != '.' && !is_plain(name.at[i]))
            return DNS_NAME_BYTE;
        if (name.at[i] == '.')
            labels_fit &= label > 0;
        label = name.at[i] == '.' ? 0 : label + 1;
        labels_fit &= label <= DNS_LABEL_BYTES_MAX;
    }
    return labels_fit && label > 0 ? DNS_NAME_WELL : DNS_NAME_LABEL;
}
