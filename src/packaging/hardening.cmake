# The program is hardened as Debian's packages are (dpkg-buildflags with hardening=+all, and what
# Debian 13 adds), whether it is built here or as a package. tests/process/test_hardened.py looks at
# the result; perf/README.md, "Hardening" has the costs.

include(CheckCCompilerFlag)
if(STAMPEDE_FUZZ)  # libFuzzer's own start files are not
  return()
endif()

add_compile_options(-fPIE -fstack-protector-strong
  "$<$<COMPILE_LANGUAGE:C>:-Wformat;-Werror=format-security>")
add_link_options(-pie LINKER:-z,relro,-z,now)
if(NOT STAMPEDE_SANITIZE)  # AddressSanitizer sees more, and does not know the checked functions
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

function(add_if_supported flag)
  string(MAKE_C_IDENTIFIER "has${flag}" has)
  set(CMAKE_REQUIRED_FLAGS -Werror)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    add_compile_options(${flag})
  endif()
endfunction()
add_if_supported(-fstack-clash-protection)

# Shadow stacks of x86. Marks for indirect jumps (IBT, -fcf-protection=full) would cost 1.4 to 2.1 %
# of a command's instructions for nothing: no kernel checks them in programs, and Debian 12's start
# files have none, so the program could not be said to have them. One object without a note would
# take shadow stacks from the whole program; those start files lack it, too, but do nothing to
# return addresses, so the linker is told to claim them all the same.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_if_supported(-fcf-protection=return)
  add_link_options(LINKER:-z,shstk)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  add_if_supported(-mbranch-protection=standard)
endif()
