package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// readyLimit bounds a start, and endLimit an orderly shutdown. Both are generous on purpose: they turn a hang
	// into an error on a loaded machine and are never waited out otherwise.
	readyLimit = 90 * time.Second
	endLimit   = 30 * time.Second
	pollEvery  = 10 * time.Millisecond
)

var errPortTaken = errors.New("port is taken")

// process is one running child.
type process struct {
	pid    int
	exited chan struct{}
}

// launch starts cmd with its output going to dir/log and its process id in dir/pid, for the janitor.
//
// The parent-death signal is tied to the thread that forked, not to the process: were that thread to end first, the
// child would be killed early. So one goroutine keeps its thread from the start of the child until its end.
func launch(dir string, cmd *exec.Cmd) (*process, error) {
	log, err := os.OpenFile(logFile(dir), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: open its log: %w", cmd.Path, err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	dieWithParent(cmd)

	started := make(chan error)
	p := &process{exited: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // a killed server ends with an error: that is what it was asked to do
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	if err := os.WriteFile(pidFile(dir), fmt.Append(nil, p.pid), 0o644); err != nil {
		p.end(dir, syscall.SIGKILL)
		return nil, fmt.Errorf("start %s: record its process id: %w", cmd.Path, err)
	}
	return p, nil
}

// end sends the signal and waits until the child is gone. A child that outlives endLimit is killed, and that is an error.
func (p *process) end(dir string, sig syscall.Signal) error {
	defer os.Remove(pidFile(dir))
	if p.gone() {
		return nil
	}
	if err := syscall.Kill(p.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %v to process %d: %w", sig, p.pid, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(endLimit):
	}
	_ = syscall.Kill(p.pid, syscall.SIGKILL)
	<-p.exited
	return fmt.Errorf("process %d ignored %v for %v and was killed\n%s", p.pid, sig, endLimit, logTail(dir))
}

func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// ready polls probe until it succeeds. It gives up early when the child ends, with errPortTaken if that was why.
func (p *process) ready(dir string, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			tail := logTail(dir)
			if strings.Contains(tail, "Address already in use") {
				return fmt.Errorf("%w\n%s", errPortTaken, tail)
			}
			return fmt.Errorf("server ended while starting\n%s", tail)
		case <-ctx.Done():
			return fmt.Errorf("server not ready after %v: %w\n%s", readyLimit, err, logTail(dir))
		case <-time.After(pollEvery):
		}
	}
}

func logFile(dir string) string { return filepath.Join(dir, "log") }
func pidFile(dir string) string { return filepath.Join(dir, "pid") }

// logTail returns the last lines of the server's log under a banner, for error messages.
func logTail(dir string) string {
	const lines = 40
	text, err := os.ReadFile(logFile(dir))
	if err != nil {
		return fmt.Sprintf("(no server log: %v)", err)
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return "---- " + logFile(dir) + " ----\n" + strings.Join(all, "\n")
}
