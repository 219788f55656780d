# What `cmake --install` installs, and the Debian package made of it: `--target package`.
#
# The package has more than an installation by hand: its copyright and changes, and scripts that
# make the user and tell systemd. src/README.md, "Installing", has both.

include(GNUInstallDirs)
set(here ${CMAKE_CURRENT_LIST_DIR})
set(man ${PROJECT_SOURCE_DIR}/src/man)
install(TARGETS stampede)
foreach(section 1 5 7)
  file(GLOB pages CONFIGURE_DEPENDS ${man}/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
install(FILES ${here}/stampede.bash RENAME stampede
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${here}/stampede@.service DESTINATION lib/systemd/system)
install(FILES ${here}/stampede.sysusers RENAME stampede.conf DESTINATION lib/sysusers.d)
install(FILES ${here}/stampede.tmpfiles RENAME stampede.conf DESTINATION lib/tmpfiles.d)
install(FILES ${PROJECT_SOURCE_DIR}/topology.conf DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES ${PROJECT_SOURCE_DIR}/include/stampede/PROTOCOL.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME stampede)
set(CPACK_PACKAGE_CONTACT "The Stampede authors <stampede@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "application server herd on io_uring")
set(CPACK_PACKAGE_DESCRIPTION
  "Server processes that talk to each other directly instead of through a central
database. Mobile clients tell any node where they are, over raw TCP; the node
keeps the newest stamp of each client and floods it to its neighbours; any node
answers what is near a client.
.
It needs Linux 6.1 or newer.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${here}/debian/files.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, systemd")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS bash-completion)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${here}/debian/postinst ${here}/debian/prerm ${here}/debian/postrm)
include(CPack)
