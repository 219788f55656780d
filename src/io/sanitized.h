/* sanitized.h — whether this is a build with AddressSanitizer. */
#ifndef IO_SANITIZED_H
#define IO_SANITIZED_H

#ifndef __has_feature /* clang's; gcc defines __SANITIZE_ADDRESS__ */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

#endif
