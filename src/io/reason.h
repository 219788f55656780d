/* reason.h — describes the errno of a connection or a file in words for the operator. */
#ifndef IO_REASON_H
#define IO_REASON_H

/* A constant string of a few words; "" for 0. */
const char *reason_of(int error);

#endif
