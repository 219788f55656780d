nice -n 5 cmake --build --preset release --target journal_campaign 2>&1 | grep -E "error|FAILED"
timeout ${T:-60} build/release/tests/journal/journal_campaign -k "$@" > camp.log 2>&1; echo rc $?
grep -c violated camp.log; grep violated camp.log | sed 's/seed [0-9]* //; s/[0-9][0-9.]*/N/g' | sort | uniq -c | sort -rn | head -20
