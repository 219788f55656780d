/* places_provider.c — see places_provider.h. */
#include "files/places_provider.h"
#include "core/places/gazetteer_provider.h"
#include "files/entropy.h"
#include <stdio.h>

bool places_provide(struct places_provision *p, const struct topology *t, const char *topology_path,
    struct log *log)
{
    *p = (struct places_provision){.exchange = NULL};
    if (!places_files_open(&p->files, t, topology_path))
        return false;
    bool well;
    if (places_files_are_used(&p->files)) {
        struct exchange_config config = {
            .google = p->files.google,
            .tls = &p->files.tls,
            .budget = t->places.budget.count,
            .budget_s = t->places.budget.period_s,
            .log = log,
        };
        entropy_fill(&config.seed, sizeof config.seed);
        p->exchange = places_exchange(&config, &p->provider);
        well = p->exchange != NULL;
    } else {
        well = places_gazetteer(&p->provider);
    }
    if (well)
        return true;
    fputs("stampede: out of memory for the places provider\n", stderr);
    places_files_close(&p->files);
    return false;
}

void places_provision_close(struct places_provision *p)
{
    places_files_close(&p->files);
}
