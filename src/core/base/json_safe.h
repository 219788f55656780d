/* json_safe.h — parses JSON from outside into a tree that is safe to use.
 *
 * All strings in the tree are valid UTF-8 without NUL. Its depth is bounded, so recursion over it
 * is safe, and so is the number of its values, so a megabyte of brackets does not become eighty
 * megabytes of memory. Called by places. */
#ifndef CORE_BASE_JSON_SAFE_H
#define CORE_BASE_JSON_SAFE_H

#include "core/base/span.h"

struct cJSON;

enum {
    JSON_SAFE_DEPTH_MAX = 32, /* of nested arrays and objects */
    JSON_SAFE_VALUES_MAX = 16384,
};

/* Parse a text. The caller frees the tree with cJSON_Delete. In its strings U+FFFD replaces each
 * byte that is not UTF-8, each NUL and each half of a surrogate pair. A number beyond the range of
 * double is infinite.
 *
 * NULL: *fault says what the text is instead, in words that can follow "answered with": "something
 * that is not JSON" (also when memory ran out while parsing), or JSON beyond a bound. If *fault is
 * NULL, too, there was no memory to begin with. */
MUST_USE struct cJSON *json_safe_parse(struct span text, const char **fault);

#endif
