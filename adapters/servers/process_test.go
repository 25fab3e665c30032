package servers

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const crashVariable = "STOCKPROOF_SERVERS_CRASH"

// TestServersDieWithTheTestBinary runs this test binary again, has it start servers and kill itself with SIGKILL, and
// then looks for what it left behind.
func TestServersDieWithTheTestBinary(t *testing.T) {
	if os.Getenv(crashVariable) != "" {
		crash(t)
	}
	_, errPostgres := postgresBinaries()
	_, errRedis := redisBinary()
	require(t, errPostgres)
	require(t, errRedis)

	binary := exec.Command(os.Args[0], "-test.run=^TestServersDieWithTheTestBinary$")
	binary.Env = append(os.Environ(), crashVariable+"=1")
	out, err := binary.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the binary did not kill itself: %v\n%s", err, out)
	}
	var checked int
	for line := range strings.Lines(string(out)) {
		var pid int
		var dir string
		if n, _ := fmt.Sscanf(line, "server %d %s", &pid, &dir); n == 2 {
			checked++
			awaitGone(t, fmt.Sprintf("process %d of %s", pid, dir), func() bool {
				return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid)
			})
			awaitGone(t, dir, func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
		}
	}
	if checked != 2 {
		t.Errorf("%d servers reported, want 2:\n%s", checked, out)
	}
}

func crash(t *testing.T) {
	pg, node := SharedPostgres(t), StartRedis(t)
	fmt.Printf("\nserver %d %s\n", pg.process.pid, pg.Dir)
	fmt.Printf("server %d %s\n", node.process.pid, node.Dir)
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {}
}

// zombie is true for a dead process that nobody has waited for: in a container process 1 may never do so.
func zombie(pid int) bool {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if state, ok := strings.CutPrefix(lines.Text(), "State:"); ok {
			return strings.HasPrefix(strings.TrimSpace(state), "Z")
		}
	}
	return false
}

func awaitGone(t *testing.T, what string, gone func() bool) {
	t.Helper()
	for deadline := time.Now().Add(readyLimit); !gone(); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			t.Errorf("%s outlived the test binary", what)
			return
		}
	}
}

// TestTakenPortIsRecognised lets somebody else take the port between the search for it and the bind.
func TestTakenPortIsRecognised(t *testing.T) {
	node := StartRedis(t)
	if err := node.Kill(); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", node.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // accepts and hangs up, so that the ready check gets answers from a stranger
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	if err := node.start(); !errors.Is(err, errPortTaken) {
		t.Errorf("start on a taken port: %v, want %v", err, errPortTaken)
	}
	if pg := Postgres(t); pg != nil {
		if err := pg.Kill(); err != nil {
			t.Fatal(err)
		}
		pg.port = listener.Addr().(*net.TCPAddr).Port
		if err := pg.start(); !errors.Is(err, errPortTaken) {
			t.Errorf("start on a taken port: %v, want %v", err, errPortTaken)
		}
	}
}

func TestMissingPackageIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := redisBinary()
	var absent *missing
	if !errors.As(err, &absent) || !strings.Contains(err.Error(), "needs Debian package redis-server") {
		t.Errorf("without redis-server on the PATH: %v", err)
	}
}
