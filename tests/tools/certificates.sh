#!/usr/bin/env bash
# certificates.sh — makes keys and certificates for the tests of TLS, with openssl.
#
#   certificates.sh FOLDER NAME...
#
# Writes into FOLDER ca.pem (the herd's CA; its key is ca.key), and for each NAME the files NAME.pem
# and NAME.key: a certificate signed by that CA, with NAME as its only DNS name. The special names
# below are followed by a colon and the DNS name: `expired:Hands` makes expired.pem for Hands.
#
#   expired    expired yesterday
#   stranger   signed by a CA with the same name and another key
#   self       self-signed
#   rsa        has an RSA key of 2048 bits
#   weak       has an RSA key of 1024 bits
#   large      has a P-384 key
#   nameless   has its name only in the subject
#   twin       also for localhost
#   many       also for nine other names, which come before its own
#   wild       for *.NAME
#   both       also for ops-both, an operator's name
#   under384   signed by ca384.pem, a CA with a P-384 key
#   under4096  has an RSA key of 2048 bits; signed by ca4096.pem, a CA with one of 4096 bits
#   client     for clients only (extendedKeyUsage)
#   server     for servers only, and that is critical
#   code       for signing code only
#   any        for any use
#   agrees     for agreeing on keys only (keyUsage), not for signing
#   chained    signed by inner-ca, which outer-ca has signed, which the CA has signed; the file holds
#              all but the CA's
#   shuffled   the same; the file begins with its own, and has the others in no order, with the CA's
#              and a stranger's among them
#   limited    signed by limited-ca, which the CA has signed, and which has the extension $LIMITS; with
#              the names $NAMES (or its own) and the subject $SUBJECT (or its name); the file holds
#              limited-ca's, too
set -eu
folder=$1
shift
cd "$folder"
umask 077
printf '[herd]\nO=Herd\n[req]\ndistinguished_name = dn\n[dn]\n' >req.cnf

# NAME SUBJECT KEY-OPTIONS... -- REQ-OPTIONS...: a key and a certificate
make() {
  local name=$1 subject=$2 key=()
  shift 2
  while [ "$1" != -- ]; do key+=("$1"); shift; done
  shift
  openssl genpkey "${key[@]}" -out "$name.key" 2>/dev/null
  openssl req -x509 -new -config req.cnf -subj "$subject" -key "$name.key" -out "$name.pem" "$@"
}

# NAME EXTENSION: an expired certificate; only x509 -req takes negative days
make_expired() {
  openssl genpkey "${p256[@]}" -out expired.key
  openssl req -new -config req.cnf -subj "/CN=$1" -key expired.key -addext "subjectAltName=$2" |
    openssl x509 -req -CA ca.pem -CAkey ca.key -days -1 -copy_extensions copyall \
      -out expired.pem 2>/dev/null
}

p256=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
ca_options=(-days 36500 -addext basicConstraints=critical,CA:true)
by_ca=(-CA ca.pem -CAkey ca.key)
[ -e ca.pem ] || make ca /CN=herd "${p256[@]}" -- "${ca_options[@]}"

# NAME KEY-OPTIONS...: another CA, unless it was made before
make_ca() {
  local name=$1
  shift
  [ -e "$name.pem" ] || make "$name" "/CN=$name" "$@" -- "${ca_options[@]}"
  signed=(-CA "$name.pem" -CAkey "$name.key")
}

# NAME SIGNER EXTENSION...: a CA below another
make_inner_ca() {
  local name=$1 signer=$2 extensions=()
  shift 2
  for extension in "$@"; do extensions+=(-addext "$extension"); done
  make "$name" "/CN=$name" "${p256[@]}" -- -CA "$signer.pem" -CAkey "$signer.key" \
    "${ca_options[@]}" "${extensions[@]}"
  signed=(-CA "$name.pem" -CAkey "$name.key")
}

for word in "$@"; do
  kind=${word%%:*} name=${word#*:}
  key=("${p256[@]}") signed=("${by_ca[@]}") names=DNS:$name subject=/CN=$name
  use= key_usage= append=()
  case $kind in
  self) signed=() ;;
  stranger)
    make other-ca /CN=herd "${p256[@]}" -- "${ca_options[@]}"
    signed=(-CA other-ca.pem -CAkey other-ca.key)
    ;;
  rsa) key=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048) ;;
  weak) key=(-algorithm RSA -pkeyopt rsa_keygen_bits:1024) ;;
  large) key=(-algorithm EC -pkeyopt ec_paramgen_curve:P-384) ;;
  nameless) names= ;;
  twin) names=$names,DNS:localhost ;;
  wild) names=DNS:*.$name ;;
  both) names=$names,DNS:ops-both ;;
  under384) make_ca ca384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384 ;;
  under4096)
    make_ca ca4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096
    key=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)
    ;;
  client) use=clientAuth ;;
  server) use=critical,serverAuth ;;
  code) use=codeSigning ;;
  any) use=anyExtendedKeyUsage ;;
  agrees) key_usage=keyAgreement ;;
  chained | shuffled)
    make_inner_ca outer-ca ca
    make_inner_ca inner-ca outer-ca
    append=(inner-ca.pem outer-ca.pem)
    if [ "$kind" = shuffled ]; then
      make unrelated /CN=unrelated "${p256[@]}" -- "${ca_options[@]}"
      append=(ca.pem unrelated.pem outer-ca.pem inner-ca.pem)
    fi
    ;;
  limited)
    make_inner_ca limited-ca ca "$LIMITS"
    names=${NAMES-$names} subject=${SUBJECT-$subject} append=(limited-ca.pem)
    ;;
  many) names=DNS:a,DNS:b,DNS:c,DNS:d,DNS:e,DNS:f,DNS:g,DNS:h,DNS:i,$names ;;
  esac
  extensions=(-addext basicConstraints=critical,CA:false)
  [ -z "$names" ] || extensions+=(-addext "subjectAltName=$names")
  [ -z "$use" ] || extensions+=(-addext "extendedKeyUsage=$use")
  [ -z "$key_usage" ] || extensions+=(-addext "keyUsage=$key_usage")
  if [ "$kind" = expired ]; then make_expired "$name" "$names"; continue; fi
  make "$kind" "$subject" "${key[@]}" -- -days 36500 "${signed[@]}" "${extensions[@]}"
  for file in "${append[@]}"; do cat "$file" >>"$kind.pem"; done
done
