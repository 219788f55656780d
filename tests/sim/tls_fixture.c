/* tls_fixture.c — see tls_fixture.h. Made with openssl ca; P-256; valid from 2000 to 2099,
 * because virtual time is about 2023 and clocks jump by days. */
#include "sim/tls_fixture.h"
#include "sim/judge.h"

static const char ca_pem[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIBQDCB56ADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBGhlcmQwIBcN\n"
                             "MDAwMTAxMDAwMDAwWhgPMjEwMDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBGhlcmQw\n"
                             "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATNxTUAnwvQ8Zz4+svVkaCwUP8mRAiz\n"
                             "75ZJcZVA1kk+iU40ZuvSMkQYh4pewzHzNTkhQBvm1O0jrZJlsjZ3rPs3ozIwMDAP\n"
                             "BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBT/SYxqXCw5t5dDR0j8jSz7XVxhWDAK\n"
                             "BggqhkjOPQQDAgNIADBFAiAtUTv4UG356fByb5Y6tydIngpe/ew5oFFEPNHaa/6y\n"
                             "sQIhANBkT5dENrcuuj9QHPtxa1FH4m+G7/OFqBD4QYHRFl20\n"
                             "-----END CERTIFICATE-----\n";

/* For DNS:Goloman, Hands, Holiday, Welsh and Wilkes. */
static const char node_pem[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBlDCCATqgAwIBAgIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARoZXJkMCAX\n"
                               "DTAwMDEwMTAwMDAwMFoYDzIxMDAwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDARub2Rl\n"
                               "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE627eZpX7MY6RMXGQMM6quBdq2Lwo\n"
                               "7r/0GWOce8oMFalQSgz5mBQw9i9akZz9XdOgqCiSTp7Y8iQ3981kEwyNJaOBhDCB\n"
                               "gTAMBgNVHRMBAf8EAjAAMDEGA1UdEQQqMCiCB0dvbG9tYW6CBUhhbmRzggdIb2xp\n"
                               "ZGF5ggVXZWxzaIIGV2lsa2VzMB0GA1UdDgQWBBTidVq5V8LmZQVgFDAJN2o/HFHM\n"
                               "ljAfBgNVHSMEGDAWgBT/SYxqXCw5t5dDR0j8jSz7XVxhWDAKBggqhkjOPQQDAgNI\n"
                               "ADBFAiAow5MtDIeu/cZ43/7RaFV71AJm7YKIrVuqagVlP4UzWgIhAMynFpkrKo46\n"
                               "jRWU8iBUqiG/ZLCOZkoHnp5skAAVh5lD\n"
                               "-----END CERTIFICATE-----\n";

static const char node_key[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBE+36jjINAdleQcH\n"
                               "hGMOmDz0GjasRIaJOj/mOlIDfkmhRANCAATrbt5mlfsxjpExcZAwzqq4F2rYvCju\n"
                               "v/QZY5x7ygwVqVBKDPmYFDD2L1qRnP1d06CoKJJOntjyJDf3zWQTDI0l\n"
                               "-----END PRIVATE KEY-----\n";

const struct tls_config *tls_fixture(void)
{
    static struct tls_config config;
    if (config.trust)
        return &config;
    struct tls_skipped skipped;
    const char *why = "";
    bool of_key;
    config.trust = tls_trust_create(span_of(ca_pem), EPOCH_NS, &skipped, &why);
    config.identity = tls_identity_create(span_of(node_pem), span_of(node_key), &why, &of_key);
    if (!config.trust || !config.identity) {
        fprintf(stderr, "no certificates for the simulator: %s\n", why);
        abort();
    }
    return &config;
}
