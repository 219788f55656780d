/* host_port.c — see host_port.h. */
#include "core/base/host_port.h"
#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/base/invariant.h"

_Static_assert((int)HOST_PORT_TEXT_BYTES_MAX >= (int)ADDRESS_TEXT_BYTES_MAX, "an address fits");

static struct span without_dot(struct span name)
{
    return (struct span){name.at, name.len - (name.len && name.at[name.len - 1] == '.')};
}

bool host_port_has_name(const struct host_port *h, struct span name)
{
    struct span mine = without_dot(span_of(h->name)), other = without_dot(name);
    bool equal = mine.len && mine.len == other.len;
    for (size_t i = 0; equal && i < mine.len; i++)
        equal = ascii_lower(mine.at[i]) == ascii_lower(other.at[i]);
    return equal;
}

static bool is_localhost(const struct host_port *h)
{
    return host_port_has_name(h, SPAN("localhost"));
}

/* Whether a library may take it for an IPv4 address: inet_aton(3) reads "0x7f000001", too. */
static bool ends_with_number(struct span name)
{
    size_t at = name.len;
    bool digits = true;
    while (at > 0 && name.at[at - 1] != '.')
        digits &= ascii_is_digit(name.at[--at]);
    bool hex = name.len - at >= 2 && name.at[at] == '0' && ascii_lower(name.at[at + 1]) == 'x';
    return digits || hex;
}

static const char *name_fault(struct span name)
{
    static const char *const faults[] = {
        [DNS_NAME_WELL] = NULL,
        [DNS_NAME_EMPTY] = "it has no host; write an address or a host's name before the port",
        [DNS_NAME_LONG] = "its host is longer than a name may be, 253 bytes",
        [DNS_NAME_ADDRESS] =
            "it is no address with a port, like 127.0.0.1:12000 or [::1]:12000, and no name",
        [DNS_NAME_BYTE] = "its host has a byte that no name has",
        [DNS_NAME_LABEL] = "its host has an empty part, or one of more than 63 bytes",
    };
    enum dns_name_fault fault =
        name.len > HOST_PORT_NAME_BYTES_MAX ? DNS_NAME_LONG : dns_name_check(without_dot(name));
    ASSERT(fault < sizeof faults / sizeof *faults);
    if (fault == DNS_NAME_WELL && ends_with_number(without_dot(name)))
        fault = DNS_NAME_ADDRESS;
    return faults[fault];
}

static bool read_port(struct span text, uint16_t *port)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len && value <= UINT16_MAX; i++) {
        if (!ascii_is_digit(text.at[i]))
            return false;
        value = value * 10 + (unsigned)(text.at[i] - '0');
    }
    *port = (uint16_t)value;
    return value >= 1 && value <= UINT16_MAX && text.at[0] != '0';
}

/* What is no name: in brackets, more than one colon, or digits and dots. */
static bool is_address(struct span host)
{
    return dns_name_check(host) == DNS_NAME_ADDRESS;
}

const char *host_port_parse(struct span text, struct host_port *out)
{
    const char *colon = text.len ? memrchr(text.at, ':', text.len) : NULL;
    *out = (struct host_port){.name = ""};
    if (!colon)
        return "it has no port; write an address or a name of a host, and a port, like "
               "127.0.0.1:12000 or goloman.example:12000";
    struct span host = {text.at, (size_t)(colon - text.at)};
    if (is_address(host))
        return address_parse(text, &out->address);
    const char *wrong = name_fault(host);
    if (wrong)
        return wrong;
    if (!read_port(span_from(text, host.len + 1), &out->address.port))
        return "its port is no number from 1 to 65535";
    memcpy(out->name, host.at, host.len);
    ASSERT(host.len && host.len <= HOST_PORT_NAME_BYTES_MAX && !out->name[host.len]);
    return NULL;
}

unsigned host_port_fixed(const struct host_port *h, struct address out[HOST_PORT_FIXED_MAX])
{
    if (!host_port_is_name(h)) {
        out[0] = h->address;
        return 1;
    }
    if (!is_localhost(h))
        return 0;
    out[0] = (struct address){.ip = {127, 0, 0, 1}, .port = h->address.port};
    out[1] = (struct address){.v6 = true, .ip = {[15] = 1}, .port = h->address.port};
    ASSERT(address_is_loopback(&out[0]) && address_is_loopback(&out[1]));
    return 2;
}

bool host_port_is_loopback(const struct host_port *h)
{
    return host_port_is_name(h) ? is_localhost(h) : address_is_loopback(&h->address);
}

bool host_port_is_any(const struct host_port *h)
{
    return !host_port_is_name(h) && address_is_any(&h->address);
}

bool host_port_same_host(const struct host_port *a, const struct host_port *b)
{
    size_t i = 0;
    while (a->name[i] && ascii_lower(a->name[i]) == ascii_lower(b->name[i]))
        i++;
    return a->name[i] == b->name[i] && address_same_host(&a->address, &b->address);
}

bool host_port_equal(const struct host_port *a, const struct host_port *b)
{
    return a->address.port == b->address.port && host_port_same_host(a, b);
}

void host_port_text(const struct host_port *h, char out[HOST_PORT_TEXT_BYTES_MAX + 1])
{
    if (!host_port_is_name(h)) {
        address_text(&h->address, out);
        return;
    }
    struct buf b = buf_over(out, HOST_PORT_TEXT_BYTES_MAX);
    buf_text(&b, h->name);
    buf_byte(&b, ':');
    buf_u64(&b, h->address.port);
    ASSERT(!b.overflow);
    out[b.len] = '\0';
}
