/* redact.h — removes a secret from text that comes from outside.
 *
 * A server may repeat the key that it was sent, in an error message or anywhere else. An ellipsis
 * replaces it wherever it is spelled: as it is, with some of its bytes percent-encoded, or with
 * letters in the other case. The secret is printable ASCII, so no ellipsis spells it. Called by
 * places. */
#ifndef CORE_BASE_REDACT_H
#define CORE_BASE_REDACT_H

#include "core/base/buf.h"

struct cJSON;

/* Write `text` (valid UTF-8) without `secret` (not empty). If it does not fit, it ends behind a
 * whole character, and out->overflow is set. */
void redact_put(struct buf *out, struct span text, struct span secret);

/* Remove `secret` from all strings and names in `tree`, which are valid UTF-8. Recurses as deep as
 * the tree is. false: out of memory; some of the strings may still hold the secret. */
MUST_USE bool redact_json(struct cJSON *tree, struct span secret);

#endif
