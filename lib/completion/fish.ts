/**
 * Completion for fish.
 *
 * @module
 */

/** What `vdeplug completion fish` prints. */
export const FISH_SCRIPT =
  `# fish completion of vdeplug, vde_plug and dpipe: the program tells all of it.
# Use it as a file vdeplug.fish in ~/.config/fish/completions, with links to it
# named vde_plug.fish and dpipe.fish, or with: vdeplug completion fish | source

function __vdeplug_complete
    set -l before (commandline -opc)
    set -l raw (commandline -ct)
    # The word at the cursor, and what closes a quote that is open in it.
    set -l typed $raw
    for quote in '' "'" '"'
        if set -l plain (string unescape -- "$raw$quote")
            set typed $plain
            break
        end
    end
    set -l program vdeplug
    if not command -q vdeplug
        # A program that is in no folder of PATH, called by its own.
        string match -q '*/vdeplug' -- $before[1]; or return
        set program (string replace -r '^~' -- $HOME $before[1])
    end
    for line in ($program completion --words=$before[1] -- $before[2..-1] "$typed" 2>/dev/null </dev/null)
        set -l from (string replace -r '.* ' '' -- $line)
        switch $line
            case \\t'files*'
                set -l head (string sub -l $from -- $typed)
                __fish_complete_path (string sub -s (math $from + 1) -- $typed) | string replace -r '^' -- "$head"
            case \\t'folders*'
                set -l head (string sub -l $from -- $typed)
                __fish_complete_directories (string sub -s (math $from + 1) -- $typed) '' | string replace -r '^' -- "$head"
            case \\t'command*'
                set -l words $before[(math $from + 2)..-1]
                complete -C (string join ' ' -- (set -q words[1]; and string escape -- $words) $raw)
            case \\t'*'
            case '*'
                # fish would put a space behind these, where the word goes on.
                string match -qr '[[{](\\t|$)' -- $line; or echo $line
        end
    end
end

for program in vdeplug vde_plug dpipe
    complete -c $program -f -a '(__vdeplug_complete)'
    # Candidates that begin with ~ are for fish itself to find.
    complete -c $program -n 'string match -q "~*" -- (commandline -ct)' -F
end
`;
