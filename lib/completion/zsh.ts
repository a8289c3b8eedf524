/**
 * Completion for zsh.
 *
 * @module
 */

/** What `vdeplug completion zsh` prints. */
export const ZSH_SCRIPT = `#compdef vdeplug vde_plug dpipe
# zsh completion of vdeplug, vde_plug and dpipe: the program tells all of it.
# Use it as a file _vdeplug in a folder of $fpath, or, behind compinit, with:
# source <(vdeplug completion zsh)

_vdeplug() {
  local line text word typed raw brace program=vdeplug result=1
  local -a before lines whole begun
  if (( ! $+commands[vdeplug] )); then
    # A program that is in no folder of PATH, called by its own.
    program=\${~\${(Q)words[1]}}
    [[ $program == */vdeplug ]] || return 1
  fi
  typed="\${(Q)PREFIX}"
  # Unquoted braces are not in PREFIX, and zsh puts them back by itself.
  raw="\${\${(z)LBUFFER}[-1]}"
  if [[ $LBUFFER != *"$PREFIX" ]]; then
    [[ "\${raw//\\{/}" == "$PREFIX" ]] || return 1
    brace="\${raw//[^\\{]/}"
    typed="\${(Q)raw}"
  fi
  (( CURRENT > 2 )) && before=("\${(@Q)words[2,CURRENT-1]}")
  lines=("\${(@f)$("$program" completion --words="\${(Q)words[1]}" -- \\
    "\${(@)before}" "$typed" 2>/dev/null </dev/null)}")
  for line in "\${(@)lines}"; do
    text="\${line#*$'\\t'}"
    case $line in
      '') ;;
      $'\\t'files*) compset -p \${line##* }; _files && result=0 ;;
      $'\\t'folders*) compset -p \${line##* }; _files -/ && result=0 ;;
      $'\\t'message*) _message -r "\${text#message }" ;;
      $'\\t'command*)
        words=("\${(@)words[\${line##* } + 2,-1]}")
        (( CURRENT -= \${line##* } + 1 ))
        _normal && result=0 ;;
      *)
        word="\${line%%$'\\t'*}"
        [[ $line == *$'\\t'* ]] || text=
        repeat $#brace; do word="\${word/\\{/}"; done
        text="\${word//:/\\\\:}\${text:+:$text}"
        case $word in
          *[=/:\\[\\{,]|*%2f) begun+=("$text") ;;
          *) whole+=("$text") ;;
        esac ;;
    esac
  done
  (( $#whole )) && _describe -t words 'word' whole && result=0
  (( $#begun )) && _describe -t words 'word' begun -S '' && result=0
  return result
}

# Loaded as a function, it is called for what it was loaded for.
if [[ $funcstack[1] == _vdeplug ]]; then
  _vdeplug "$@"
else
  compdef _vdeplug vdeplug vde_plug dpipe
fi
`;
