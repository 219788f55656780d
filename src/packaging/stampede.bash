# Completion of stampede(1) for bash: commands, their options, and the names of nodes, which the
# program itself reads from the topology that the command line names.

_stampede()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local commands='up node status top wait drain dump load trace send near watch places journal check help version'
    local command=${COMP_WORDS[1]} topology=() i nodes options want=
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
        return
    fi
    for ((i = 2; i < COMP_CWORD - 1; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --topology) topology=(-c "${COMP_WORDS[i + 1]/#\~\//$HOME/}") ;;
        esac
    done
    case $command in
    up) options='--topology --log' ;;
    node) options='--topology' want=node ;;
    status) options='--node --topology --cert --key --json --table' ;;
    top) options='--topology --cert --key --once' ;;
    wait) options='--node --topology --cert --key --timeout' ;;
    drain) options='--topology --cert --key --grace --timeout --undo' want=node ;;
    dump) options='--node --topology' ;;
    load) options='--node --topology --retired' want=file ;;
    trace) options='--topology --cert --key --json --table' ;;
    send | near) options='--node --topology' ;;
    watch) options='--node --topology --near' ;;
    places) options='--topology' ;;
    check) options='--topology --node --bind --nodes --keys' want=file ;;
    help) want=command ;;
    esac
    case $before in
    -c | --topology | --cert | --key) want=file ;;
    -n | --node) want=node ;;
    -w | --timeout | -g | --grace) want=time ;;
    *) [[ $word != -* ]] || want=option ;;
    esac
    case $want in
    file)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    node)
        nodes=$("${COMP_WORDS[0]}" check --nodes "${topology[@]}" 2>/dev/null)
        mapfile -t COMPREPLY < <(compgen -W "$nodes" -- "$word")
        ;;
    time) mapfile -t COMPREPLY < <(compgen -W '10s 60s 5min' -- "$word") ;;
    command) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
    option) mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$word") ;;
    esac
}
complete -F _stampede stampede
