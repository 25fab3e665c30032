package servers

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// home is a server's directory together with the janitor that removes it.
type home struct {
	dir     string
	alive   io.Closer // our end of the janitor's pipe: closed by us, or by the kernel when this process dies
	janitor *exec.Cmd
}

// janitorScript waits for the end of its standard input. It tries more than once because a server that was just
// killed may still be writing into the directory.
const janitorScript = `
cat >/dev/null
[ -f "$1/pid" ] && kill -KILL "$(cat "$1/pid")" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
	rm -rf "$1" 2>/dev/null && exit 0
	sleep 0.2
done`

// newHome makes a directory for one server. It lies directly under the system's temporary directory, not in
// testing's: that one may not be entered by the user who runs PostgreSQL, and its long path does not fit into the
// 107 bytes of a unix socket's address.
func newHome(kind string) (*home, error) {
	dir, err := os.MkdirTemp("", "stockproof-"+kind+"-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for %s: %w", kind, err)
	}
	janitor := exec.Command("/bin/sh", "-c", janitorScript, "janitor", dir)
	// A session of its own: an interrupt from the terminal goes to the test binary, and the janitor outlives it.
	janitor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	alive, err := janitor.StdinPipe()
	if err == nil {
		err = janitor.Start()
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start the janitor of %s: %w", dir, err)
	}
	return &home{dir: dir, alive: alive, janitor: janitor}, nil
}

// remove lets the janitor do its work and waits for it. Safe to call again.
func (h *home) remove() {
	if h.alive.Close() == nil {
		_ = h.janitor.Wait()
	}
}
