/**
 * Completion for bash.
 *
 * @module
 */

/** What `vdeplug completion bash` prints. */
export const BASH_SCRIPT =
  `# bash completion of vdeplug, vde_plug and dpipe: the program tells all of it.
# Use it with: source <(vdeplug completion bash), or, with bash-completion, as a
# file vdeplug in a folder of its completions, with links vde_plug and dpipe to it.

_vdeplug() {
    local line program=vdeplug
    COMPREPLY=()
    if ! type -P vdeplug >/dev/null; then
        # A program that is in no folder of PATH, called by its own.
        [[ $1 == */vdeplug ]] || return 0
        program=\${1/#"~"/$HOME}
    fi
    while IFS= read -r line; do
        case $line in
            $'\\tnospace') compopt -o nospace ;;
            $'\\tfiles') compopt -o default ;;
            $'\\tfolders') compopt -o dirnames ;;
            $'\\tcommand '*) _vdeplug_command "\${line##* }" ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <("$program" completion --bash="$COMP_WORDBREAKS" -- \\
        "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null </dev/null)
    return 0
}

# Completes the command line that begins at a place of this one.
_vdeplug_command() {
    local before=\${COMP_LINE:0:$1} word first=0
    before=\${before//[[:space:]]/}
    while [[ -n $before && first -lt COMP_CWORD ]]; do
        word=\${COMP_WORDS[first]}
        before=\${before#"\${word//[[:space:]]/}"}
        first=$((first + 1))
    done
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$first"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$first"
    elif ((first == COMP_CWORD)); then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}")
    else
        compopt -o bashdefault -o default
    fi
}

complete -F _vdeplug vdeplug vde_plug dpipe
`;
