/* file_rules.h — which files a process may still open, held by the kernel (Landlock).
 *
 * A file is named by its path when the rules are made, but a rule holds for a folder and all that
 * is in it: certificates and logs are renewed by renaming new files into place, and a rule for the
 * old file would not hold for the new one. Where the path is a symbolic link, its target's folder
 * is allowed, too. The root folder never is; there, a rule holds for the file itself. Files that
 * are open already stay usable. Called by sandbox. */
#ifndef IO_FILE_RULES_H
#define IO_FILE_RULES_H

#include "core/base/buf.h"

enum { FILE_RULES_TEXT_BYTES = 1024 };

struct file_rules {
    int fd; /* of the kernel's set of rules */
    char read[FILE_RULES_TEXT_BYTES]; /* what was allowed, for the log: folders, comma-separated; */
    char
        written[FILE_RULES_TEXT_BYTES]; /* both end with NUL, and are cut where they are too long */
};

/* Whether this kernel has Landlock. If so, `r` allows nothing yet. */
MUST_USE bool file_rules_begin(struct file_rules *r);

/* Allow reading the file and what later takes its name; it need not be there.
 *
 * 0, or the errno with which that failed. */
MUST_USE int file_rules_read(struct file_rules *r, const char *path);

/* Allow writing to the file, and creating it again after it was renamed. What is no regular file,
 * such as a FIFO or a device, is allowed alone. Result as above. */
MUST_USE int file_rules_write(struct file_rules *r, const char *path);

/* Allow reading all that is in a folder; nothing if there is no such folder. */
MUST_USE int file_rules_read_folder(struct file_rules *r, const char *folder);

/* Allow making, writing, renaming and removing files in a folder, which is there. */
MUST_USE int file_rules_keep_folder(struct file_rules *r, const char *folder);

/* From now on, only what was allowed; for this process and its children, for good. Needs
 * no_new_privs. Ends the rules, as does file_rules_end. Result as above. */
MUST_USE int file_rules_hold(struct file_rules *r);
void file_rules_end(struct file_rules *r);

#endif
