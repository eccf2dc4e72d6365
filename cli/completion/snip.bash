# bash completion for snip

_snip() {
    local cur prev
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()

    # A command comes before anything but the common flags.
    local command="" at_command=yes i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -s | --server | --timeout | --retries) ((i++)) ;;
            -q | --quiet | -v | --verbose) ;;
            get | list | edit | rm | login | logout | stats) command=${COMP_WORDS[i]}; at_command=; break ;;
            *) at_command=; break ;;
        esac
    done

    case $prev in
        -l | --language)
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" --list-languages 2>/dev/null)" -- "$cur"))
            return ;;
        -e | --expires)
            COMPREPLY=($(compgen -W "10m 1h 1d 7d 4w never" -- "$cur"))
            return ;;
        -o | --output | --file)
            COMPREPLY=($(compgen -f -- "$cur"))
            return ;;
        --by)
            COMPREPLY=($(compgen -W "day hour" -- "$cur"))
            return ;;
        --color)
            COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
            return ;;
        -s | --server | --timeout | --retries | -t | --title | --tag | -n | --limit | --search | --username) return ;;
        -q) [[ $command == list ]] && return ;;
    esac

    local common="-h --help -s --server --timeout --retries --quiet -v --verbose"
    local fields="-l --language -t --title --public --unlisted --private -e --expires --tag"
    local flags
    case $command in
        get) flags="$common -q -o --output --json --color --raw" ;;
        list) flags="$common -n --limit -q --search --tag -l --language --json" ;;
        edit) flags="$common -q $fields --file --json" ;;
        rm) flags="$common -q" ;;
        login) flags="$common -q --username --token-stdin --insecure" ;;
        logout) flags="$common -q" ;;
        stats) flags="$common -q --by --json" ;;
        *) flags="$common -q $fields -b --burn --json --copy --open --qr --list-languages --version" ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -f -- "$cur"))
        [[ -n $at_command ]] && COMPREPLY+=($(compgen -W "get list edit rm login logout stats" -- "$cur"))
    fi
}

complete -o filenames -F _snip snip
