# targets.sh — which fuzz targets there are. Sourced by campaign and coverage, which set `root`.
. "$root/tests/tools/packages.sh"

packages_of_fuzzing='
clang   libFuzzer and its instrumentation
llvm    llvm-cov and llvm-profdata, which tell what was run
'

# [NAME...]: the targets of these names, with or without fuzz_ in front; all, if none is given.
targets() {
  local name known
  known=$(cd "$root/tests/fuzz" && printf '%s\n' fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
  for name in "${@#fuzz_}"; do
    grep -qxF -- "$name" <<<"$known" || { say "no target $name; there are: "$known; return 2; }
  done
  [ $# != 0 ] && printf '%s\n' "${@#fuzz_}" || echo "$known"
}
