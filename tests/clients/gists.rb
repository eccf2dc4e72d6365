# Creates a gist of each file on standard input (a JSON array of paths) with Debian's library `gist`, in one process, and
# reads it back. Prints a JSON array of [id, content].

require "json"
require "stringio"
require "gist"

made = JSON.parse($stdin.read).map do |path|
  gist = Gist.gist(File.binread(path).force_encoding("UTF-8"), filename: File.basename(path), public: false)
  out, $stdout = $stdout, StringIO.new
  Gist.read_gist(gist["id"])
  content, $stdout = $stdout.string, out
  [gist["id"], content]
end
puts JSON.dump(made)
