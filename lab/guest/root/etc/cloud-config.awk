# The part of #cloud-config a tiny guest honours: write_files (path, content as a block or one line, permissions) and runcmd (a string or a [list]).
function trim(s) { sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); return s }
function unquote(s) { s = trim(s); if (s ~ /^".*"$/ || s ~ /^'.*'$/) s = substr(s, 2, length(s) - 2); return s }
function shell(s) { gsub(/'/, "'\\''", s); return "'" s "'" }
function finish_file() {
  if (path != "") {
    folder = path; sub(/\/[^\/]*$/, "", folder)
    if (folder != "") system("mkdir -p " shell(folder))
    printf "%s", content > path; close(path)
    if (mode != "") system("chmod " mode " " shell(path))
  }
  path = ""; content = ""; mode = ""; block = 0
}
function field(text) {
  if (text ~ /^path:/) { sub(/^path:/, "", text); path = unquote(text) }
  else if (text ~ /^permissions:/) { sub(/^permissions:/, "", text); mode = unquote(text) }
  else if (text ~ /^content:/) {
    sub(/^content:/, "", text); text = trim(text)
    if (text ~ /^[|>]/) { block = 1; blockIndent = -1 } else content = unquote(text) "\n"
  }
}
{
  match($0, /^ */); indent = RLENGTH; text = trim($0)
  if (block) {
    if (text == "") { content = content "\n"; next }
    if (blockIndent < 0 && indent > itemIndent) blockIndent = indent
    if (blockIndent >= 0 && indent >= blockIndent) { content = content substr($0, blockIndent + 1) "\n"; next }
    block = 0
  }
  if (text == "" || text ~ /^#/) next
  if (indent == 0 && text !~ /^-/) { finish_file(); section = text; sub(/:.*/, "", section); next }
  if (section == "write_files") {
    if (text ~ /^- /) { finish_file(); itemIndent = indent; text = trim(substr(text, 3)) }
    field(text)
  } else if (section == "runcmd" && text ~ /^- /) {
    text = trim(substr(text, 3))
    if (text ~ /^\[.*\]$/) {
      count = split(substr(text, 2, length(text) - 2), part, /,[ ]*/); text = ""
      for (i = 1; i <= count; i++) text = text shell(unquote(part[i])) " "
    } else text = unquote(text)
    print text > "/run/setting/runcmd"
  }
}
END { finish_file() }
