"""check.py - a campaign over a planted sample: what must die dies, what must survive survives.

The sample is a few functions with a test that is worth something and one that is empty, built by
a few lines of ninja instead of the whole project. Also holds which changes are offered at all.
"""
import json
import os
import pathlib
import tempfile

import judges
from campaign import Campaign, read_equivalents
from judges import PROGRAM, Build, Judge, Unusable
from mutants import mutants_of

# Every change of this text is listed below it, and there is none of anything else in it.
TEXT = r"""
#define BELOW(a, b) ((a) < (b) && true) /* not a macro */
enum { LIMIT = 5 };
static const int table[] = {1, 2};
/* a < b && true */
static bool all(const char *text, struct x *p)
{
    static const int squares[] = {0, 1};
    int sum = 7, rest[3];
    ASSERT(sum == 7 &&
           !p);
    if (!text)
        return false; // a < b
    for (; *text != '<'; text++)
        if (p->size >= 0x10u)
            continue;
        else
            sum += take("1 < 2", *text - '0',
                LIMIT);
    __builtin_prefetch(p + 1);
    case 1:
    free(p);
    p = (struct x){.size = -2};
    return sum > table[0] || p;
}
"""
CHANGES = """
int sum = [-7-]{+8+}, rest[3];
int sum = [-7-]{+6+}, rest[3];
if ([-!-]text)
return [-false-]{+true+}; // a < b
for (; *text [-!=-]{+==+} '<'; text++)
for (; *text != '<'; text[-++-]{+--+})
if (p->size [->=-]{+>+} 0x10u)
if (p->size [->=-]{+<+} 0x10u)
if (p->size >= [-0x10u-]{+0x11u+})
if (p->size >= [-0x10u-]{+0xfu+})
if ([-p->size >= 0x10u-]{+!(p->size >= 0x10u)+})
[-continue;-]{+{}+}
sum [-+=-]{+-=+} take("1 < 2", *text - '0',
sum += take("1 < 2", *text [---]{+++} '0',
{+while (0) +}sum += take("1 < 2", *text - '0',
[-free(p);-]{+{}+}
p = (struct x){.size = -[-2-]{+3+}};
p = (struct x){.size = -[-2-]{+1+}};
[-p = (struct x){.size = -2};-]{+{}+}
return sum [->-]{+>=+} table[0] || p;
return sum [->-]{+<=+} table[0] || p;
return sum > table[[-0-]{+1+}] || p;
return sum > table[0] [-||-]{+&&+} p;
return [-sum > table[0] || p-]{+!(sum > table[0] || p)+};
"""

SAMPLE = {
    "src/core/base/sample.c": """
int clamp(int value, int most);
long sum_to(long last);
int clamp(int value, int most)
{
    return (value < most ? value : most) + 0;
}
long sum_to(long last)
{
    if (last < 9)
        return last * (last + 1) / 2;
    long sum = 0;
    for (volatile long i = 1; i <= last; i++)
        sum += i;
    return sum;
}
""",
    "src/core/base/untested.c": """
int twice(int value);
int twice(int value)
{
    return value + value;
}
""",
    "test_sample.c": """
int clamp(int, int);
long sum_to(long);
int main(void)
{
    return clamp(3, 5) != 3 || clamp(7, 5) != 5 || clamp(-9, 5) != -9 || sum_to(3) != 6 ||
           sum_to(8) != 36 || sum_to(9) != 45 || sum_to(20) != 210 || sum_to(0) != 0;
}
""",
    "test_untested.c": "int twice(int); int main(void) { (void)twice(1); return 0; }\n",
    "test_broken.c": "int twice(int); int main(void) { return twice(2); }\n",
    "build.ninja": """
rule cc
  command = {cc} -O2 -c $in -o $out
rule ar
  command = ar rcs $out $in
rule link
  command = : && {cc} $in -o $out libcore.a && :
build sample.c.o: cc {folder}/src/core/base/sample.c
build untested.c.o: cc {folder}/src/core/base/untested.c
build libcore.a: ar sample.c.o untested.c.o
build test_sample.o: cc test_sample.c
build test_untested.o: cc test_untested.c
build test_broken.o: cc test_broken.c
build unit_sample: link test_sample.o | libcore.a
build unit_untested: link test_untested.o | libcore.a
build unit_broken: link test_broken.o | libcore.a
""",
    "equivalents": """
# two ways to one result
src/core/base/sample.c clamp: return (value [-<-]{+<=+} most ? value : most) + 0;
    where both are equal
src/core/base/sample.c sum_to: if (last [-<-]{+<=+} 9)
    the formula and
    the loop give the same
src/core/base/sample.c sum_to: for (volatile long i = [-1-]{+0+}; i <= last; i++)
    0 adds nothing
src/core/base/sample.c sum_to: if (last [-<-]{+>=+} 9)
    the formula and
    the loop give the same
src/core/base/sample.c sum_to: if (last < [-9-]{+8+})
    the formula and
    the loop give the same
src/core/base/sample.c sum_to: if (last < [-9-]{+10+})
    the formula and
    the loop give the same
src/core/base/sample.c sum_to: if ([-last < 9-]{+!(last < 9)+})
    the formula and
    the loop give the same
""",
}
RESULTS = {  # of the changes that are worth a word; all others must have been killed
    "if (last [-<-]{+<=+} 9)": None,  # known as equivalent: not judged
    "for (volatile long i = [-1-]{+0+}; i <= last; i++)": None,
    "if (last [-<-]{+>=+} 9)": None,
    "if (last < [-9-]{+8+})": None,
    "if (last < [-9-]{+10+})": None,
    "if ([-last < 9-]{+!(last < 9)+})": None,
    "return (value [-<-]{+<=+} most ? value : most) + 0;": None,
    "return (value < most ? value : most) [-+-]{+-+} 0;": ("same code", None),
    "for (volatile long i = 1; i <= last; i[-++-]{+--+})": ("killed", "unit_sample"),
    "return value [-+-]{+-+} value;": ("survived", None),
    "return [-value + value-]{+0+};": ("survived", None),
}


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def changes_are_those_listed():
    offered = [m.change for m in mutants_of("x.c", TEXT)]
    listed = CHANGES.strip().splitlines()
    expect(sorted(offered) == sorted(listed), "not offered:", set(listed) - set(offered),
           "not to be offered:", set(offered) - set(listed))
    for mutant in mutants_of("x.c", TEXT):
        changed = mutant.apply(TEXT)
        lines = zip(TEXT.split("\n"), changed.split("\n"), strict=True)
        expect(sum(a != b for a, b in lines) == 1, "more than one line changes:", mutant.change)


def campaign_over(folder, names, say=lambda line: None):
    """A campaign over the sample; judged by tests of those names, one after the other."""
    build = Build(folder, folder / "slots")
    asked = [(build, Judge(f"unit_{name}", f"unit_{name}", [PROGRAM], {}, folder), name != "broken")
             for name in names]
    files = [name for name in SAMPLE if name.startswith("src/")]
    return Campaign(folder, files, 7, build, lambda file: asked,
                    read_equivalents(folder / "equivalents"), folder / "7.json", say)


def results_are_those_planted(folder):
    first = campaign_over(folder, ["sample", "untested"])
    expect(not first.stale(), "stale:", first.stale())
    first.run(count=5, jobs=2, survivors_again=False)
    settled = [e for e in first.results.values() if e["result"] in ("killed", "survived")]
    expect(first.report(1000) is None, "a campaign of 5 is called one of 1000")
    known = len(first.equivalents)
    expect(5 - known <= len(settled) <= 5, len(settled), "judged in a campaign of 5")

    said = []
    rest = campaign_over(folder, ["sample", "untested"], said.append)
    expect(rest.results == {k: {**e, "key": list(k)} for k, e in first.results.items()},
           "what was noted is not what is read")
    rest.run(count=1000, jobs=2, survivors_again=False)
    for mutant in rest.order:
        wanted = RESULTS.get(mutant.change, ("killed", "unit_sample"))
        if mutant.change not in RESULTS and mutant.function == "twice":
            continue
        entry = rest.results.get(mutant.key)
        found = entry and (entry["result"], entry.get("judge"))
        expect(found == wanted, mutant.change, "is", found, "and not", wanted)
    expect({m.change for m in rest.order} >= set(RESULTS), "the sample is not what is expected")
    noted = (folder / "7.json").read_text().splitlines()
    spared = sum(json.loads(line)["result"] == "spared" for line in noted)
    expect(len(noted) == len(rest.results) + spared, "a mutant was judged twice")

    percent = rest.report(1000)
    survived = sum(e["result"] == "survived" for e in rest.results.values())
    killed = sum(e["result"] == "killed" for e in rest.results.values())
    expect(abs(percent - 100 * killed / (killed + survived)) < 0.01, percent, "%")
    expect(any(line.startswith(f"{survived:6}  survived:") for line in said), "survivors unsaid")

    rest.run(count=1000, jobs=2, survivors_again=True)
    again = [line for line in (folder / "7.json").read_text().splitlines()[len(noted):]
             if json.loads(line)["result"] == "survived"]
    expect(len(again) == survived, len(again), "judged again, not", survived)


def a_failing_test_ends_the_campaign(folder):
    (folder / "7.json").unlink()
    campaign = campaign_over(folder, ["sample", "broken"])
    try:
        campaign.run(count=1000, jobs=1, survivors_again=False)
    except Unusable as error:
        expect("unit_broken fails without a mutant" in str(error), error)
        judges.stopping.clear()
        return
    raise AssertionError("a test that fails without a mutant was believed")


def run():
    judges.CPU_S, judges.CPU_FACTOR = 0, 1  # an endless loop is to end soon
    changes_are_those_listed()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, text in SAMPLE.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            text = text.replace("{folder}", name).replace("{cc}", os.environ.get("CC", "cc"))
            (folder / file).write_text(text)
        results_are_those_planted(folder)
        a_failing_test_ends_the_campaign(folder)
    print("mutants are found, killed, and survive as planted")
    return 0
