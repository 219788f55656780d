/* tls_error.c — what went wrong, in words for an operator. BearSSL has numbers only
 * (bearssl_ssl.h, bearssl_x509.h); alerts are RFC 5246, 7.2. A number that is not here is told as
 * it is. */
#include "core/tls_error.h"
#include "core/tls_private.h"
#include <stdio.h>

struct meaning {
    int number;
    const char *text;
};

/* To follow "certificate ". */
static const struct meaning certificates[] = {
    {BR_ERR_X509_NOT_TRUSTED, "is signed by no CA that is trusted here"},
    {BR_ERR_X509_EXPIRED, "has expired, or is not valid yet"},
    {BR_ERR_X509_BAD_SERVER_NAME, "is for another name"},
    {BR_ERR_X509_BAD_SIGNATURE, "has a signature that is wrong"},
    {BR_ERR_X509_WEAK_PUBLIC_KEY, "has an RSA key of less than 2048 bits"},
    {BR_ERR_X509_NOT_CA, "is signed by one that may sign none"},
    {BR_ERR_X509_DN_MISMATCH, "does not fit the next of its chain"},
    {BR_ERR_X509_CRITICAL_EXTENSION, "has a critical extension that is not understood"},
    {BR_ERR_X509_FORBIDDEN_KEY_USAGE, "may not be used for this"},
    {BR_ERR_X509_UNSUPPORTED, "has a key or signature of a kind that is not supported"},
    {BR_ERR_X509_LIMIT_EXCEEDED, "has a key that is too large"},
};

static const struct meaning reasons[] = {
    {BR_ERR_OK, ""},
    {BR_ERR_NO_CLIENT_AUTH, "the other end shows no certificate"},
    {BR_ERR_X509_EMPTY_CHAIN, "the other end shows no certificate"},
    {BR_ERR_UNSUPPORTED_VERSION, "the other end does not speak TLS 1.2"},
    {BR_ERR_UNKNOWN_TYPE, "the other end does not speak TLS 1.2"},
    {BR_ERR_BAD_VERSION, "the other end does not speak TLS 1.2"},
    {BR_ERR_TOO_LARGE, "the other end breaks the rules of TLS"},
    {BR_ERR_BAD_LENGTH, "the other end breaks the rules of TLS"},
    {BR_ERR_UNEXPECTED, "the other end breaks the rules of TLS"},
    {BR_ERR_BAD_HANDSHAKE, "the other end breaks the rules of TLS"},
    {BR_ERR_BAD_MAC, "what came in was changed on its way"},
    {BR_ERR_BAD_CIPHER_SUITE, "the other end offers no cipher suite that is allowed here"},
    {BR_ERR_BAD_SIGNATURE, "the other end does not have the key of its certificate"},
    {BR_ERR_WRONG_KEY_USAGE, "the other end's certificate may not be used for this"},
    {BR_ERR_SEND_FATAL_ALERT + 40, "the other end offers nothing that is allowed here"},
    {BR_ERR_SEND_FATAL_ALERT + 70, "the other end does not speak TLS 1.2"},
    {BR_ERR_BAD_SECRENEG, "the other end wants to renegotiate in an unsafe way"},
};

static const struct meaning alerts[] = {
    {40, "it offers nothing that this one allows, or wants a certificate"},
    {42, "the certificate shown to it is bad"},
    {43, "the certificate shown to it is of a kind it does not know"},
    {45, "the certificate shown to it has expired"},
    {46, "the certificate shown to it is not acceptable"},
    {48, "it does not trust the CA of the certificate shown to it"},
    {70, "it does not speak TLS 1.2"},
    {116, "it wants a certificate"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *find(const struct meaning *each, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (each[i].number == number)
            return each[i].text;
    return NULL;
}

const char *tls_certificate_fault(int error)
{
    const char *text = find(certificates, COUNT(certificates), error);
    bool any = error > BR_ERR_X509_OK && error <= BR_ERR_X509_NOT_TRUSTED;
    return text ? text : any ? "cannot be read" : NULL;
}

void tls_error_text(int error, char out[TLS_REASON_BYTES_MAX + 1])
{
    const size_t room = TLS_REASON_BYTES_MAX + 1;
    const char *text = find(reasons, COUNT(reasons), error);
    if (text) {
        snprintf(out, room, "%s", text);
    } else if ((text = tls_certificate_fault(error))) {
        snprintf(out, room, "the other end's certificate %s", text);
    } else if (error >= BR_ERR_RECV_FATAL_ALERT && error < BR_ERR_SEND_FATAL_ALERT) {
        int alert = error - BR_ERR_RECV_FATAL_ALERT;
        text = find(alerts, COUNT(alerts), alert);
        snprintf(out, room, "the other end refuses: %s (TLS alert %d)",
            text ? text : "it does not say why", alert);
    } else {
        snprintf(out, room, "TLS fails (BearSSL error %d)", error);
    }
}
