# fish completion for snip

function __snip_command
    # A command comes before anything but the common flags.
    set -l skip no
    for word in (commandline -opc)[2..-1]
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case -s --server --timeout --retries
                set skip yes
            case -q --quiet -v --verbose
            case get list edit rm login logout stats
                echo $word
                return
            case '*'
                echo create
                return
        end
    end
end

function __snip_is
    contains -- (__snip_command) $argv
end

function __snip_shares
    set -l command (__snip_command)
    test -z "$command" -o "$command" = create
end

complete -c snip -n 'test -z (__snip_command)' -a get -d 'Print a snippet'
complete -c snip -n 'test -z (__snip_command)' -a list -d 'List your snippets'
complete -c snip -n 'test -z (__snip_command)' -a edit -d 'Change a snippet'
complete -c snip -n 'test -z (__snip_command)' -a rm -d 'Delete snippets'
complete -c snip -n 'test -z (__snip_command)' -a login -d 'Store a token for a server'
complete -c snip -n 'test -z (__snip_command)' -a logout -d 'Delete the token'
complete -c snip -n 'test -z (__snip_command)' -a stats -d 'Show how often a snippet was read'
complete -c snip -n '__snip_is get list edit rm login logout stats' -f

complete -c snip -s h -l help -d 'Say what there is'
complete -c snip -s s -l server -x -d 'The server to ask'
complete -c snip -l timeout -x -d 'How long one file or snippet may take'
complete -c snip -l retries -x -d 'How often to try again'
complete -c snip -n 'not __snip_is list' -s q -l quiet -d 'Say nothing but errors'
complete -c snip -n '__snip_is list' -l quiet -d 'Say nothing but errors'
complete -c snip -s v -l verbose -d 'Say what is asked and answered'

complete -c snip -n '__snip_shares; or __snip_is edit list' -s l -l language -x -a '(snip --list-languages)' -d Language
complete -c snip -n '__snip_shares; or __snip_is edit' -s t -l title -x -d Title
complete -c snip -n '__snip_shares; or __snip_is edit' -l public -d 'Anyone may read it, and explore lists it'
complete -c snip -n '__snip_shares; or __snip_is edit' -l unlisted -d 'Anyone with the link may read it'
complete -c snip -n '__snip_shares; or __snip_is edit' -l private -d 'Only you may read it'
complete -c snip -n '__snip_shares; or __snip_is edit' -s e -l expires -x -a '10m 1h 1d 7d 4w never' -d 'When it expires'
complete -c snip -n '__snip_shares; or __snip_is edit list' -l tag -x -d 'A tag'
complete -c snip -n '__snip_shares; or __snip_is get list edit stats' -l json -d 'Print JSON'

complete -c snip -n __snip_shares -s b -l burn -d 'The first reader is the only one'
complete -c snip -n __snip_shares -l copy -d 'Put the link on the clipboard too'
complete -c snip -n __snip_shares -l open -d 'Open the link in a browser too'
complete -c snip -n __snip_shares -l qr -d 'Draw a QR code of the link'
complete -c snip -n __snip_shares -l list-languages -d 'Print the names of all languages'
complete -c snip -n __snip_shares -l version -d 'Print the version'

complete -c snip -n '__snip_is get' -s o -l output -r -F -d 'Write it to a file'
complete -c snip -n '__snip_is get' -l color -x -a 'auto always never' -d 'Show code in colours'
complete -c snip -n '__snip_is get' -l raw -d 'Leave control characters as they are'
complete -c snip -n '__snip_is list' -s n -l limit -x -d 'At most so many'
complete -c snip -n '__snip_is list' -s q -l search -x -d 'Only with these words'
complete -c snip -n '__snip_is edit' -l file -r -F -d 'Replace the text with that of a file'
complete -c snip -n '__snip_is login' -l username -x -d 'The account'
complete -c snip -n '__snip_is login' -l token-stdin -d 'Read a token from standard input'
complete -c snip -n '__snip_is login' -l insecure -d 'Send the password or token unencrypted'
complete -c snip -n '__snip_is stats' -l by -x -a 'day hour' -d 'Views by day or hour'
