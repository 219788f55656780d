/* reason.h — an errno of a connection, as an operator would say it. */
#ifndef IO_REASON_H
#define IO_REASON_H

/* A constant of a few words; "" for 0. */
const char *reason_of(int error);

#endif
