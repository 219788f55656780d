# Run by CPack between installing into its folder and packing that: what Debian asks of a package
# besides, in /usr/share/doc, and the folders in /etc. Timestamps honour SOURCE_DATE_EPOCH.

set(root ${CPACK_TEMPORARY_DIRECTORY})
set(doc ${root}/usr/share/doc/stampede)
set(source ${CMAKE_CURRENT_LIST_DIR}/../../..)

function(compress file)
  execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(COPY_FILE ${source}/LICENSE ${doc}/copyright)
file(COPY_FILE ${source}/src/CHANGELOG.md ${doc}/changelog)
compress(${doc}/changelog)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog.Debian
"stampede (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * See changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
compress(${doc}/changelog.Debian)
file(GLOB pages ${root}/usr/share/man/man*/*.[1-8])
foreach(page ${pages})
  compress(${page})
endforeach()
file(CHMOD_RECURSE ${root}/usr/share PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)

# The example's journal, where the unit lets nodes write.
set(example ${doc}/examples/topology.conf)
file(READ ${example} text)
string(REPLACE "# journal { dir = \"data/%n\"" "journal { dir = \"/var/lib/stampede/%n\"" text "${text}")
file(WRITE ${example} "${text}")

# Secrets, keys and certificates, of which systemd hands copies to the nodes: nobody's but root's.
file(MAKE_DIRECTORY ${root}/etc/stampede/keys)
file(CHMOD ${root}/etc ${root}/etc/stampede DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE
  OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
file(CHMOD ${root}/etc/stampede/keys DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
