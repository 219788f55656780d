/* test_shown.c — what `stampede watch` shows of what nodes say, one after the other. */
#include "cli/shown.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define STAMP(id, time) "AT A +0.000000001 " id " +34-118 " time

struct row {
    const char *line; /* NULL: another connection begins */
    enum news_kind as; /* NEWS_NONE: it is not shown */
};

static void judge(struct shown *s, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct news news;
        enum news_kind as;
        if (!rows[i].line) {
            shown_reconnect(s);
            continue;
        }
        news_read(span_of(rows[i].line), &news);
        cr_assert(news.kind <= NEWS_GONE, "row %zu", i);
        cr_assert(shown_judge(s, &news, &as));
        cr_expect_eq(as, rows[i].as, "row %zu: %d", i, as);
    }
}

Test(shown, of_an_id_only_what_is_newer)
{
    static const struct row rows[] = {
        {"! 1 NOW " STAMP("kiwi", "5"), NEWS_NOW},
        {"! 1 NOW " STAMP("kiwi", "6"), NEWS_NOW},
        {"! 1 NOW " STAMP("emu", "1"), NEWS_NOW},
        {NULL, NEWS_NONE},
        {"! 1 NOW " STAMP("kiwi", "5"), NEWS_NONE},
        {"! 1 NOW " STAMP("kiwi", "6"), NEWS_NONE},
        {"! 1 NOW " STAMP("kiwi", "7"), NEWS_NOW},
        {"! 1 GONE kiwi", NEWS_GONE},
        {"! 1 GONE kiwi", NEWS_NONE},
        {"! 1 NOW " STAMP("kiwi", "2"), NEWS_NOW},
    };
    struct shown s;
    shown_begin(&s, false);
    judge(&s, rows, sizeof rows / sizeof *rows);
    cr_expect(shown_has(&s, SPAN("kiwi")));
    cr_expect_not(shown_has(&s, SPAN("kiw")));
    shown_end(&s);
}

Test(shown, of_a_fence_enter_and_exit_alternate)
{
    static const struct row first[] = {
        {"! 1 IN " STAMP("kiwi", "5"), NEWS_IN},
        {"! 1 IN " STAMP("emu", "5"), NEWS_IN},
        {"! 1 ENTER " STAMP("moa", "5"), NEWS_ENTER},
        {"! 1 MOVE " STAMP("moa", "6"), NEWS_MOVE},
        {"! 1 EXIT " STAMP("emu", "6"), NEWS_EXIT},
        {"! 1 ENTER " STAMP("owl", "6"), NEWS_ENTER},
        {NULL, NEWS_NONE},
        {"! 1 IN " STAMP("emu", "5"), NEWS_NONE}, /* the next node is behind */
        {"! 1 IN " STAMP("kiwi", "6"), NEWS_MOVE},
        {"! 1 IN " STAMP("rhea", "1"), NEWS_ENTER},
        {"! 1 IN " STAMP("owl", "5"), NEWS_NONE},
    };
    static const struct row then[] = {
        {"! 1 EXIT " STAMP("owl", "5.5"), NEWS_NONE},
        {"! 1 EXIT " STAMP("owl", "7"), NEWS_EXIT},
        {"! 1 EXIT " STAMP("emu", "6"), NEWS_NONE},
        {"! 1 EXIT " STAMP("emu", "7"), NEWS_NONE},
        {"! 1 ENTER " STAMP("moa", "5"), NEWS_NONE},
        {"! 1 MOVE " STAMP("moa", "6"), NEWS_ENTER}, /* was lost: the same stamp again */
        {"! 1 MOVE " STAMP("moa", "6"), NEWS_NONE},
        {"! 1 GONE rhea", NEWS_GONE},
        {"! 1 GONE emu", NEWS_NONE},
        {"! 1 ENTER " STAMP("emu", "1"), NEWS_ENTER},
    };
    struct shown s;
    struct span id;
    shown_begin(&s, true);
    judge(&s, first, sizeof first / sizeof *first);
    cr_assert(shown_lost(&s, &id));
    cr_expect(span_equal(id, SPAN("moa")));
    cr_expect_not(shown_lost(&s, &id));
    judge(&s, then, sizeof then / sizeof *then);
    shown_end(&s);
}

/* Ids come and go in a table that grows: each is found as long as it is kept. */
Test(shown, many_ids)
{
    enum { IDS = 5000 };
    struct shown s;
    enum news_kind as;
    struct news news;
    char line[128];
    shown_begin(&s, false);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < IDS; i++) {
            bool goes = round == 1 && i % 3 == 0;
            snprintf(line, sizeof line, goes ? "! 1 GONE id%d" : "! 1 NOW " STAMP("id%d", "5"), i);
            news_read(span_of(line), &news);
            cr_assert(shown_judge(&s, &news, &as));
            enum news_kind wanted = goes                                  ? NEWS_GONE
                                    : round == 0 || (round == 2 && i % 3 == 0) ? NEWS_NOW
                                                                               : NEWS_NONE;
            cr_assert_eq(as, wanted, "round %d, id%d", round, i);
        }
    cr_expect_eq(s.count, (size_t)IDS);
    shown_end(&s);
}

Test(shown, what_is_no_news)
{
    static const char *const lines[] = {"", "!", "! 1", "! x NOW " STAMP("kiwi", "5"),
        "! 1 NOW AT A", "! 1 NOW " STAMP("kiwi", "5") " x",
        "! 1 LATER kiwi", "! 1 GONE", "! 1 NOW kiwi",
        "NOW " STAMP("kiwi", "5"), "WATCHING", "WATCHING x", "! 1 FULL x"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct news news;
        news_read(span_of(lines[i]), &news);
        cr_expect_eq(news.kind, NEWS_OTHER, "%s", lines[i]);
    }
}
