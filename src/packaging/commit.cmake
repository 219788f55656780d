# Writes the commit that SOURCE stands at into the C file OUT, at each build: cmake -P, with both.
#
# The file is touched only if its text changes, so a new commit compiles one file and links one
# program. A source that is no checkout of its own, such as a tarball (also one that was unpacked
# inside of another project's checkout), has no commit. `+` means that files differ from the commit.

set(commit "")
find_program(GIT git)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --show-toplevel
    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(REAL_PATH "${SOURCE}" source)
  if(top STREQUAL source)
    execute_process(
      COMMAND ${GIT} -C ${SOURCE} describe --always --exclude=* --abbrev=7 --dirty=+
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endif()
if(NOT commit MATCHES "^[0-9a-f]+[+]?$")
  set(commit "")
endif()
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[
#include "cli/commit.h"
const char program_commit[] = "@commit@";
]])
