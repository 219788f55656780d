/* json_safe.h — JSON from outside, parsed so that nothing in it can hurt whoever uses the tree.
 *
 * All its strings are valid UTF-8 without NUL; it is not deep, so that recursion over it is safe;
 * and it has not many values, so that a megabyte of brackets does not become eighty of memory.
 * Called by places_google. */
#ifndef CORE_BASE_JSON_SAFE_H
#define CORE_BASE_JSON_SAFE_H

#include "core/base/span.h"

struct cJSON;

enum {
    JSON_SAFE_DEPTH_MAX = 32, /* of arrays and objects in each other */
    JSON_SAFE_VALUES_MAX = 16384,
};

/* The tree, for cJSON_Delete. In its strings, what is no UTF-8 (each byte), a NUL and half of a
 * surrogate pair are U+FFFD. A number past the range of double is infinite.
 *
 * NULL: *fault tells what it is instead, words to follow "answered with": "something that is not
 * JSON" (also when memory ran out while parsing), or JSON over a bound; or NULL: no memory. */
MUST_USE struct cJSON *json_safe_parse(struct span text, const char **fault);

#endif
