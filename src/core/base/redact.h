/* redact.h — a secret, taken out of text that comes from outside.
 *
 * A server may repeat the key that it was sent, in an error or anywhere else. Whatever spells it
 * becomes an ellipsis: as it is, or with any of its bytes percent-encoded, letters in either case.
 * The secret is printable ASCII and so not in the ellipsis. Called by places_google. */
#ifndef CORE_BASE_REDACT_H
#define CORE_BASE_REDACT_H

#include "core/base/buf.h"

struct cJSON;

/* Write `text` (valid UTF-8) without `secret` (not empty). A text that does not fit is cut behind a
 * character and sets out->overflow. */
void redact_put(struct buf *out, struct span text, struct span secret);

/* Take `secret` out of all strings and names in `tree`, which are valid UTF-8. Recurses as deep as
 * the tree is. false: no memory; then some may still be there. */
MUST_USE bool redact_json(struct cJSON *tree, struct span secret);

#endif
