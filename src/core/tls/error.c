/* error.c — what went wrong, in words for an operator. BearSSL has numbers only (bearssl_ssl.h,
 * bearssl_x509.h); alerts are those of RFC 5246, 7.2. A number without words is printed as it is.
 * */
#include "core/tls/error.h"
#include "core/tls/private.h"
#include <stdio.h>

struct meaning {
    int number;
    const char *text;
};

/* To follow "certificate ". Certificates that are not here "cannot be read". */
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
    {TLS_ERR_NAME_FORBIDDEN, "has a name that its CA may not sign for"},
    {TLS_ERR_USE_FORBIDDEN, "is not for this end of a connection (extendedKeyUsage)"},
    {TLS_ERR_NO_MEMORY, "cannot be checked: memory has run out"},
};

/* To follow the name of the other end. */
static const struct meaning faults[] = {
    {BR_ERR_NO_CLIENT_AUTH, "shows no certificate"},
    {BR_ERR_X509_EMPTY_CHAIN, "shows no certificate"},
    {BR_ERR_UNKNOWN_TYPE, "does not speak TLS"},
    {BR_ERR_UNSUPPORTED_VERSION, "does not speak TLS 1.2"},
    {BR_ERR_BAD_VERSION, "does not speak TLS 1.2"},
    {BR_ERR_SEND_FATAL_ALERT + 70, "does not speak TLS 1.2"},
    {BR_ERR_TOO_LARGE, "breaks the rules of TLS"},
    {BR_ERR_BAD_LENGTH, "breaks the rules of TLS"},
    {BR_ERR_UNEXPECTED, "breaks the rules of TLS"},
    {BR_ERR_BAD_CCS, "breaks the rules of TLS"},
    {BR_ERR_BAD_ALERT, "breaks the rules of TLS"},
    {BR_ERR_BAD_HANDSHAKE, "breaks the rules of TLS"},
    {BR_ERR_BAD_HELLO_DONE, "breaks the rules of TLS"},
    {BR_ERR_OVERSIZED_ID, "breaks the rules of TLS"},
    {BR_ERR_EXTRA_EXTENSION, "breaks the rules of TLS"},
    {BR_ERR_BAD_SNI, "breaks the rules of TLS"},
    {BR_ERR_BAD_COMPRESSION, "breaks the rules of TLS"},
    {BR_ERR_BAD_FRAGLEN, "breaks the rules of TLS"},
    {BR_ERR_BAD_FINISHED, "has seen another handshake than this end"},
    {BR_ERR_RESUME_MISMATCH, "resumes a session with another cipher suite"},
    {BR_ERR_BAD_CIPHER_SUITE, "offers no cipher suite that is allowed here"},
    {BR_ERR_INVALID_ALGORITHM, "offers no curve or signature that is allowed here"},
    {BR_ERR_LIMIT_EXCEEDED, "shows a key or parameters that are too large"},
    {BR_ERR_BAD_SIGNATURE, "does not have the key of its certificate"},
    {BR_ERR_WRONG_KEY_USAGE, "shows a certificate that may not be used for this"},
    {BR_ERR_SEND_FATAL_ALERT + 40, "offers nothing that is allowed here"},
    {BR_ERR_BAD_SECRENEG, "wants to renegotiate in an unsafe way"},
};

/* Whole sentences. */
static const struct meaning reasons[] = {
    {BR_ERR_OK, ""},
    {BR_ERR_BAD_MAC, "what came in was changed on its way"},
    {BR_ERR_NO_RANDOM, "there is no entropy for TLS"},
};

/* What the other end's alert means. A client that offers TLS 1.2 receives protocol_version (70)
 * only from a server that has newer versions only: one with older ones answers with those (RFC
 * 5246, E.1). */
static const struct meaning alerts[] = {
    {40, "it speaks no TLS 1.2 with ECDHE and AES-GCM or ChaCha20, or wants a certificate"},
    {42, "the certificate shown to it is bad"},
    {43, "the certificate shown to it is of a kind it does not know"},
    {45, "the certificate shown to it has expired"},
    {46, "the certificate shown to it is not acceptable"},
    {48, "it does not trust the CA of the certificate shown to it"},
    {70, "it speaks only TLS 1.3"},
    {80, "it has an error of its own"},
    {112, "it is no server of that name"},
    {116, "it wants a certificate"},
    {120, "it does not speak HTTP/1.1"},
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
    bool any = error > BR_ERR_X509_OK && error < TLS_ERR_END;
    return text ? text : any ? "cannot be read" : NULL;
}

void tls_error_text(int error, const char *who, char out[TLS_REASON_BYTES_MAX + 1])
{
    ASSERT(*who);
    const size_t room = TLS_REASON_BYTES_MAX + 1;
    const char *text = find(reasons, COUNT(reasons), error);
    if (text) {
        snprintf(out, room, "%s", text);
    } else if ((text = find(faults, COUNT(faults), error))) {
        snprintf(out, room, "%s %s", who, text);
    } else if ((text = tls_certificate_fault(error))) {
        snprintf(out, room, "%s's certificate %s", who, text);
    } else if (error >= BR_ERR_RECV_FATAL_ALERT && error < BR_ERR_SEND_FATAL_ALERT) {
        int alert = error - BR_ERR_RECV_FATAL_ALERT;
        text = find(alerts, COUNT(alerts), alert);
        snprintf(out, room, "%s refuses: %s (TLS alert %d)", who,
            text ? text : "it does not say why", alert);
    } else {
        snprintf(out, room, "TLS fails (BearSSL error %d)", error);
    }
}
