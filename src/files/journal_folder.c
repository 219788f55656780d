/* journal_folder.c — see journal_folder.h. Reading blocks: nothing else goes on before it is
 * done, and a signal ends the process as it would any other. */
#include "files/journal_folder.h"
#include "core/base/invariant.h"
#include "core/journal/journal.h"
#include "core/journal/names.h"
#include "core/journal/recovery.h"
#include "files/clock.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static bool fail(const struct journal_folder *f, FILE *tell, const char *what, const char *remedy)
{
    fprintf(tell, "stampede: the journal's folder %s %s; %s\n", f->path, what, remedy);
    return false;
}

static bool fail_errno(
    const struct journal_folder *f, FILE *tell, const char *verb, const char *remedy)
{
    char what[128];
    snprintf(what, sizeof what, "cannot be %s: %s", verb, strerror(errno));
    return fail(f, tell, what, remedy);
}

/* -- opening ----------------------------------------------------------------------------------- */

/* Make all folders of the path that are not there. */
static bool make_folders(struct journal_folder *f)
{
    for (char *at = f->path + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        bool well = mkdir(f->path, 0700) == 0 || errno == EEXIST;
        *at = '/';
        if (!well)
            return false;
    }
    return mkdir(f->path, 0700) == 0 || errno == EEXIST;
}

/* Whether the file system can do what a journal needs. */
static bool is_local(const struct journal_folder *f)
{
    struct statfs about;
    return fstatfs(f->fd, &about) != 0 || about.f_type != NFS_SUPER_MAGIC;
}

/* false: there are too many. */
static bool take(struct journal_folder *f, const char *name, enum file_kind kind, uint64_t seq)
{
    struct stat about;
    if (f->files_count + 1 >= JOURNAL_FILES_MAX)
        return false;
    if (fstatat(f->fd, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode))
        f->files[f->files_count++] = (struct found_file){kind, seq, (uint64_t)about.st_size};
    return true;
}

/* ours: it is locked, so that what is unfinished is in nobody's use. */
static bool list(struct journal_folder *f, bool ours, FILE *tell)
{
    int again = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = again >= 0 ? fdopendir(again) : NULL;
    bool few = true;
    if (!all) {
        if (again >= 0)
            close(again);
        return fail_errno(f, tell, "listed", "let its user read it");
    }
    for (struct dirent *e; few && (e = readdir(all)) != NULL;) {
        enum file_kind kind;
        uint64_t seq;
        bool unfinished;
        if (!journal_name_read(span_of(e->d_name), &kind, &seq, &unfinished))
            continue;
        if (unfinished && ours)
            (void)unlinkat(f->fd, e->d_name, 0);
        else if (!unfinished)
            few = take(f, e->d_name, kind, seq);
    }
    closedir(all);
    return few || fail(f, tell, "has thousands of files", "move those away that are no journal's");
}

static bool lock(struct journal_folder *f, FILE *tell)
{
    if (flock(f->fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return fail(f, tell, "is in use by another process",
            "stop that one, or give each node a folder of its own: journal { dir = \"data/%n\" }");
    return fail_errno(f, tell, "locked", "use a local file system");
}

bool journal_folder_open(struct journal_folder *f, const struct topology *t, const char *name,
    const char *topology_path, FILE *tell)
{
    *f = (struct journal_folder){.fd = -1, .open_fd = -1, .syncs = true};
    char dir[TOPOLOGY_PATH_BYTES_MAX + 1];
    if (!t->journal.dir[0])
        return true;
    if (!file_path_of_node(t->journal.dir, span_of(name), dir) ||
        !file_path_beside(topology_path, dir, f->path)) {
        fprintf(tell, "%s: the path %s is too long\n", topology_path, t->journal.dir);
        return false;
    }
    f->files = calloc(JOURNAL_FILES_MAX, sizeof *f->files);
    if (!f->files) {
        fputs("stampede: out of memory\n", tell);
        return false;
    }
    if (!make_folders(f))
        return fail_errno(f, tell, "made", "make it, for the user that the node runs as");
    f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0)
        return fail_errno(f, tell, "opened", "let the user that the node runs as use it");
    if (faccessat(f->fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return fail_errno(f, tell, "written to", "let the user that the node runs as use it");
    if (!is_local(f))
        return fail(f, tell, "is on NFS, which does not say when bytes are on the disk",
            "use a local file system");
    return lock(f, tell) && list(f, true, tell);
}

bool journal_folder_view(struct journal_folder *f, const char *path, FILE *tell)
{
    *f = (struct journal_folder){.fd = -1, .open_fd = -1};
    if (strlen(path) >= sizeof f->path) {
        fprintf(tell, "stampede: the path %.40s... is too long\n", path);
        return false;
    }
    memcpy(f->path, path, strlen(path) + 1);
    f->files = calloc(JOURNAL_FILES_MAX, sizeof *f->files);
    if (!f->files) {
        fputs("stampede: out of memory\n", tell);
        return false;
    }
    f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0)
        return fail_errno(f, tell, "opened", "name the folder of one node's journal");
    f->in_use = flock(f->fd, LOCK_SH | LOCK_NB) != 0;
    return list(f, false, tell);
}

void journal_folder_close(struct journal_folder *f)
{
    if (f->open_fd >= 0)
        close(f->open_fd);
    if (f->fd >= 0)
        close(f->fd);
    f->fd = f->open_fd = -1;
    free(f->files);
    f->files = NULL;
    free(f->found.files);
    f->found.files = NULL;
    store_destroy(f->store);
    f->store = NULL;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* A file that is not there is an empty one. For a node it is synced: what a killed process has
 * written may be in memory only, and what is read counts as durable. One whose sync fails cannot be
 * believed, and the next sync of it would say that all is well. */
ssize_t journal_folder_get(struct journal_folder *f, const struct found_file *file,
    uint64_t offset, void *into, size_t bytes)
{
    ssize_t got;
    if (f->open_fd < 0 || f->open.kind != file->kind || f->open.seq != file->seq) {
        if (f->open_fd >= 0)
            close(f->open_fd);
        struct journal_name name = journal_name_of(file->kind, file->seq, false);
        f->open = *file;
        f->open_fd = openat(f->fd, name.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (f->open_fd < 0)
            return errno == ENOENT ? 0 : -1;
        (void)posix_fadvise(f->open_fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        f->lost = f->syncs && fsync(f->open_fd) != 0;
    }
    if (f->lost)
        return -1;
    do
        got = pread(f->open_fd, into, bytes, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

static void answer(
    struct recovery *r, struct journal_folder *f, const struct recovery_want *want)
{
    ssize_t got = journal_folder_get(f, &want->file, want->offset, want->into, want->bytes);
    if (got < 0)
        recovery_unreadable(r);
    else
        recovery_filled(r, (size_t)got);
}

bool journal_folder_recover(struct journal_folder *f, struct span herd, struct span node,
    const struct store_config *store, FILE *tell)
{
    ASSERT(f->fd >= 0 && !f->store);
    if (f->syncs && fsync(f->fd) != 0)
        return fail_errno(f, tell, "synced", "look after its disk");
    int64_t began_ns = clock_mono_ns();
    struct recovery_want want;
    enum recovery_step step = RECOVERY_NO_MEMORY;
    struct recovery *r = recovery_begin(&(struct recovery_config){.store = *store,
        .herd = herd,
        .node = node,
        .files = f->files,
        .files_count = f->files_count});
    while (r && (step = recovery_next(r, &want)) == RECOVERY_READS)
        answer(r, f, &want);
    if (step == RECOVERY_DONE)
        f->store = recovery_take(r, &f->found);
    else if (step == RECOVERY_REFUSED)
        fprintf(tell, "stampede: %s: %s\n", f->path, recovery_why(r));
    else
        fputs("stampede: no memory for the stamps of the journal\n", tell);
    recovery_end(r);
    f->took_ns = clock_mono_ns() - began_ns;
    return step == RECOVERY_DONE;
}

bool journal_folder_read(struct journal_folder *f, const struct topology *t, const char *name,
    const struct store_config *store, FILE *tell)
{
    if (!journal_folder_recover(f, span_of(t->herd), span_of(name), store, tell))
        return false;
    const struct found_figures *was = &f->found.figures;
    if (t->journal.damaged_refuse && (was->damaged || was->digest_differs))
        return fail(f, tell, "is damaged, and journal.damaged is refuse",
            "look at it with `stampede journal`; with damaged = repair the node goes on with what "
            "is good, and gets the rest from its neighbours");
    return true;
}
