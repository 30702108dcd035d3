# SPDX-License-Identifier: GPL-2.0-only
# fish completion for nmtx

# The words behind nmtx that are no options, without the one being typed.
function __nmtx_words
    string match -v -- '-*' (commandline -opc)[2..]
end

# __nmtx_at OBJECT [COMMAND]: are these the words so far?
function __nmtx_at
    set -l words (__nmtx_words)
    set -l n (count $argv)
    test (count $words) -ge $n; or return 1
    test "$words[1..$n]" = "$argv"
end

function __nmtx_next
    test (count (__nmtx_words)) = $argv[1]
end

function __nmtx_after
    contains -- (__nmtx_words)[-1] $argv
end

function __nmtx_devices
    path basename /sys/class/net/*
end

function __nmtx_netns
    path basename /run/netns/*
end

complete -c nmtx -f
complete -c nmtx -o json -o j -d 'print JSON'
complete -c nmtx -o pretty -o p -d 'JSON over many lines'
complete -c nmtx -o Version -o V -d 'print the version'
complete -c nmtx -o help -o h -d 'print the usage'

set -l objects dev lease binding stats status drain monitor top redirect doctor help
complete -c nmtx -n '__nmtx_next 0' -a "$objects"
for object in dev binding stats status
    complete -c nmtx -n "__nmtx_at $object; and __nmtx_next 1" -a 'show help'
end
for object in lease redirect
    complete -c nmtx -n "__nmtx_at $object; and __nmtx_next 1" -a 'show add del help'
end
complete -c nmtx -n '__nmtx_at drain; and __nmtx_next 1' -a 'on off help'
complete -c nmtx -n '__nmtx_at lease add; and not __nmtx_after dev nic netns queue' -a 'dev netns nic queue'
complete -c nmtx -n '__nmtx_at lease del; and not __nmtx_after dev nic netns' -a 'dev netns nic'
complete -c nmtx -n '__nmtx_at redirect add; and not __nmtx_after dev nic addr' -a 'dev nic addr tcx'
complete -c nmtx -n '__nmtx_at redirect del; and not __nmtx_after dev nic' -a 'dev nic'
complete -c nmtx -n '__nmtx_at top; and not __nmtx_after interval count' -a 'interval count help'
complete -c nmtx -n '__nmtx_at doctor; and not __nmtx_after dev nic netns root' -a 'dev netns nic root'
complete -c nmtx -n '__nmtx_after dev nic; or __nmtx_at dev show' -a '(__nmtx_devices)'
complete -c nmtx -n '__nmtx_after netns' -a '(__nmtx_netns)'
