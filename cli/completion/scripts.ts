/** What a shell runs to ask the program itself; `name` is the command that is completed. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export const scriptFor = (shell: Shell): string => SCRIPTS[shell]

const bash = `# source <(sluice completion bash)
_sluice_complete() {
  local line directive="" current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$directive" = 0 ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
  fi
}
complete -F _sluice_complete sluice
`

const zsh = `#compdef sluice
# source <(sluice completion zsh)
_sluice() {
  local line directive
  local -a described
  while IFS= read -r line; do
    case $line in
      :*) directive=\${line#:} ;;
      *) described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done < <($words[1] __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if [[ $directive == 0 ]]; then _files; else _describe sluice described; fi
}
# As a file in a folder of fpath it is run by the first completion; read by a shell it says what it is for.
if [[ $funcstack[1] == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi
`

const fish = `# sluice completion fish | source
function __sluice_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    for line in ($before[1] __complete $before[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':0'
                __fish_complete_path "$current"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c sluice -f -a '(__sluice_complete)'
`

const SCRIPTS: Record<Shell, string> = { bash, zsh, fish }
